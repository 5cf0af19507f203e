//! GetRandomPassword (Secrets Manager API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{GetRandomPasswordRequest, GetRandomPasswordResponse};

use crate::context::Call;
use crate::error::Failure;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const DEFAULT_LENGTH: i64 = 32;

/// Answers GetRandomPassword; nothing is kept of it.
///
/// # Errors
/// InvalidParameterException when no character is left or the length does not hold one of each kind.
pub(super) async fn get_random_password(
    _call: Call,
    input: GetRandomPasswordRequest,
) -> Result<GetRandomPasswordResponse, Failure> {
    let kinds = kinds(&input);
    let length = usize::try_from(input.password_length.unwrap_or(DEFAULT_LENGTH)).unwrap_or_default();
    let each = input.require_each_included_type != Some(false);
    if kinds.is_empty() {
        return Err(ApiError::invalid_parameter("No characters are left to make a password of.").into());
    }
    // A space may be in it and need not.
    let needed = kinds.iter().filter(|kind| **kind != [' ']).count();
    if each && length < needed {
        let text = "PasswordLength is too short for one character of each included type.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    Ok(GetRandomPasswordResponse { random_password: Some(password(&kinds, length, if each { needed } else { 0 })?) })
}

/// The characters of each kind that is wanted, without the excluded ones.
fn kinds(input: &GetRandomPasswordRequest) -> Vec<Vec<char>> {
    let excluded = input.exclude_characters.as_deref().unwrap_or_default();
    let without = |flag: Option<bool>| flag == Some(true);
    let mut kinds = Vec::new();
    for (left_out, characters) in [
        (without(input.exclude_lowercase), LOWERCASE),
        (without(input.exclude_uppercase), UPPERCASE),
        (without(input.exclude_numbers), NUMBERS),
        (without(input.exclude_punctuation), PUNCTUATION),
        (input.include_space != Some(true), " "),
    ] {
        let left: Vec<char> = characters.chars().filter(|c| !left_out && !excluded.contains(*c)).collect();
        if !left.is_empty() {
            kinds.push(left);
        }
    }
    kinds
}

/// A password with a character of each of the first `needed` kinds.
fn password(kinds: &[Vec<char>], length: usize, needed: usize) -> Result<String, ApiError> {
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    let mut characters = Vec::with_capacity(length);
    for at in 0..length {
        let from = kinds.get(at).filter(|_| at < needed).unwrap_or(&all);
        characters.push(from[below(from.len())?]);
    }
    // The first of each kind stand in order; a shuffle hides where.
    for at in (1..characters.len()).rev() {
        characters.swap(at, below(at + 1)?);
    }
    Ok(characters.into_iter().collect())
}

/// A random number below `bound`, each as likely as the others.
fn below(bound: usize) -> Result<usize, ApiError> {
    let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
    let fair = u64::MAX - u64::MAX % bound;
    loop {
        let random = crate::ids::seed()?;
        if random < fair {
            return Ok(usize::try_from(random % bound).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_each_kind_and_no_excluded_character() {
        let input = GetRandomPasswordRequest {
            exclude_characters: Some("abc\"'".to_owned()),
            include_space: Some(true),
            ..GetRandomPasswordRequest::default()
        };
        for _ in 0..100 {
            let password = password(&kinds(&input), 4, 4).unwrap();
            assert_eq!(password.chars().count(), 4);
            for kind in [LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION] {
                assert_eq!(password.chars().filter(|c| kind.contains(*c)).count(), 1, "{password}");
            }
            assert!(!password.contains(['a', 'b', 'c', '"', '\'']), "{password}");
        }
    }

    #[test]
    fn kinds_can_be_left_out() {
        let input = GetRandomPasswordRequest {
            exclude_punctuation: Some(true),
            exclude_uppercase: Some(true),
            exclude_lowercase: Some(true),
            ..GetRandomPasswordRequest::default()
        };
        assert!(password(&kinds(&input), 64, 1).unwrap().chars().all(|c| c.is_ascii_digit()));
    }
}
