//! Pseudo-random numbers from a seed: the same seed gives the same numbers on every machine.
//!
//! The mixing function is SplitMix64's (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
//! Numbers are drawn by *name* (a seed and what they are for) and not from a stream, so that one host more or less does
//! not change what the others draw.

/// A number that depends on `seed` and `name` and looks unlike that of any other pair.
#[must_use]
pub(crate) fn draw(seed: u64, name: u64) -> u64 {
    mix(mix(seed).wrapping_add(name.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number from the text of an id: FNV-1a, so that it depends on the id alone.
#[must_use]
pub(crate) fn name_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// An exponentially distributed gap with mean about 2^24 / ln 2, from 64 evenly distributed bits.
///
/// It is −log₂ of the bits taken as a fraction, in fixed point with 24 binary digits, computed by repeated squaring so
/// that no floating point is involved.
#[must_use]
pub(crate) fn exponential_gap(bits: u64) -> u64 {
    let bits = bits | 1;
    let zeros = u64::from(bits.leading_zeros());
    // A number in [1, 2) with 63 binary digits after the point.
    let mut mantissa = bits << zeros;
    let mut logarithm: u64 = 0;
    for _ in 0..24 {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 63;
        logarithm <<= 1;
        let carried = if square >> 64 != 0 {
            logarithm |= 1;
            square >> 1
        } else {
            square
        };
        #[expect(clippy::cast_possible_truncation, reason = "below 2^64 by the branch above")]
        {
            mantissa = carried as u64;
        }
    }
    ((zeros + 1) << 24) - logarithm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_seed_and_name() {
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(2, 1));
        assert_ne!(name_of("a"), name_of("b"));
    }

    #[test]
    fn the_gap_is_the_negative_binary_logarithm() {
        for (bits, fraction) in [(1_u64 << 63, 0.5_f64), (u64::MAX, 1.0), (1 << 62, 0.25), (3 << 62, 0.75), (1, 0.0)] {
            let expected = if bits == 1 { 64.0 } else { -(fraction.log2()) };
            #[expect(clippy::cast_precision_loss, reason = "a test compares to six digits")]
            let got = exponential_gap(bits) as f64 / f64::from(1 << 24);
            assert!((got - expected).abs() < 1e-6, "{bits:x}: {got} {expected}");
        }
    }
}
