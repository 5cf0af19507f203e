//! Pages of a list, and the tokens between them.
//!
//! A page ends at a key, not at a position: what is added or deleted between two pages neither repeats nor hides
//! anything else. A token is the last key that was given out with a checksum, in base64: opaque to clients, and refused
//! when it was not one of ours. It carries no authority; it only says where to go on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

const CHECKSUM_BYTES: usize = 8;

/// One page of `items`, which may come in any order and leave ordered by `key`: those after the token's key, at most
/// `max` and at least one where there is one; and the token of the next page, when there is a next.
///
/// # Errors
/// InvalidParameterException for a token that is not one.
pub fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    token: Option<&str>,
    max: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let after = token.map(decode).transpose()?;
    let mut keyed = keyed(items, key, |key| after.as_ref().is_none_or(|after| key > after));
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(cut(keyed, max))
}

/// As [`page`], from the greatest key down.
///
/// # Errors
/// InvalidParameterException for a token that is not one.
pub fn page_descending<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    token: Option<&str>,
    max: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let before = token.map(decode).transpose()?;
    let mut keyed = keyed(items, key, |key| before.as_ref().is_none_or(|before| key < before));
    keyed.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(cut(keyed, max))
}

fn keyed<T>(items: Vec<T>, key: impl Fn(&T) -> String, keep: impl Fn(&String) -> bool) -> Vec<(String, T)> {
    items.into_iter().map(|item| (key(&item), item)).filter(|(key, _)| keep(key)).collect()
}

fn cut<T>(mut keyed: Vec<(String, T)>, max: usize) -> (Vec<T>, Option<String>) {
    let more = keyed.len() > max.max(1);
    keyed.truncate(max.max(1));
    let next = keyed.last().filter(|_| more).map(|(key, _)| encode(key));
    (keyed.into_iter().map(|(_, item)| item).collect(), next)
}

/// The token that stands for `key`.
#[must_use]
pub fn encode(key: &str) -> String {
    let mut bytes = checksum(key).to_vec();
    bytes.extend_from_slice(key.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key that a token stands for.
///
/// # Errors
/// InvalidParameterException for a token that is not one of ours.
pub fn decode(token: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| ApiError::invalid_token())?;
    let (sum, key) = bytes.split_at_checked(CHECKSUM_BYTES).ok_or_else(ApiError::invalid_token)?;
    let key = String::from_utf8(key.to_vec()).map_err(|_| ApiError::invalid_token())?;
    if checksum(&key) == sum { Ok(key) } else { Err(ApiError::invalid_token()) }
}

fn checksum(key: &str) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new_with_prefix(b"page token ").chain_update(key).finalize();
    let mut sum = [0; CHECKSUM_BYTES];
    sum.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pages(items: &[String], max: usize, descending: bool) -> Vec<String> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let turn = if descending { page_descending } else { page };
            let (some, next) = turn(items.to_vec(), String::clone, token.as_deref(), max).unwrap();
            assert!(some.len() <= max);
            all.extend(some);
            match next {
                Some(next) => token = Some(next),
                None => return all,
            }
        }
    }

    #[test]
    fn the_last_page_has_no_token_even_when_it_is_full() {
        let items = vec!["b".to_owned(), "a".to_owned()];
        assert_eq!(page(items.clone(), String::clone, None, 2).unwrap(), (vec!["a".to_owned(), "b".to_owned()], None));
        let (first, next) = page(items, String::clone, None, 1).unwrap();
        assert_eq!(first, ["a"]);
        assert!(next.is_some());
    }

    #[test]
    fn a_key_that_is_gone_does_not_lose_the_place() {
        let token = encode("b");
        let left = vec!["a".to_owned(), "c".to_owned()];
        assert_eq!(page(left, String::clone, Some(&token), 5).unwrap().0, ["c"]);
    }

    #[test]
    fn a_token_that_is_not_ours_is_refused() {
        let mut tampered = encode("cluster/default");
        tampered.pop();
        for token in ["", "x", "AAAA", "not base64 !", &tampered] {
            assert_eq!(decode(token).unwrap_err().code, "InvalidParameterException", "{token}");
        }
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_list(set in prop::collection::btree_set("[a-z/:]{0,6}", 0..40), max in 1_usize..9) {
            let mut list: Vec<String> = set.into_iter().collect();
            prop_assert_eq!(&pages(&list, max, false), &list);
            list.reverse();
            prop_assert_eq!(&pages(&list, max, true), &list);
        }

        #[test]
        fn any_key_survives_its_token(key in ".*") {
            prop_assert_eq!(decode(&encode(&key)).unwrap(), key);
        }

        #[test]
        fn no_text_panics_as_a_token(text in ".*") {
            let _ = decode(&text);
        }
    }
}
