//! Which passwords are accepted. NIST SP 800-63B asks for length and against what is commonly used, expected or
//! compromised, and for no rules of composition; zxcvbn knows 30,000 leaked passwords, names, words and patterns of the
//! keyboard, and runs offline.

use domain::Invalid;

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 256;
/// Fewer guesses than this find a password even through a rate limit.
const MIN_GUESSES: u64 = 1_000_000;

/// Checks a new password. Words about the person and the service count as guessed first.
///
/// # Errors
/// When it has fewer than 8 or more than 256 characters, or is among those that are guessed first.
pub fn check_password(password: &str, about: &[&str]) -> Result<(), Invalid> {
    let length = password.chars().count();
    let refused = |reason: String| Err(Invalid::new("password", reason));
    if length < MIN_CHARS {
        return refused(format!("must have at least {MIN_CHARS} characters"));
    }
    if length > MAX_CHARS {
        return refused(format!("must have at most {MAX_CHARS} characters"));
    }
    let about: Vec<_> = about.iter().flat_map(|text| text.split(['@', '.', ' '])).chain(["datacore"]).collect();
    if zxcvbn::zxcvbn(password, &about).guesses() < MIN_GUESSES {
        let reason = "is among the passwords that are guessed first: a leaked or common one, or a name, date or pattern; \
                      choose a longer one, such as three words that do not belong together";
        return refused(reason.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check_password("ñandú-ñu", &[]).is_ok());
        assert!(check_password("ñandúes", &[]).is_err());
        assert!(check_password(&"ñandú y mar".repeat(23), &[]).is_ok());
        assert!(check_password(&"ñ".repeat(257), &[]).is_err());
    }

    #[test]
    fn refuses_what_is_guessed_first() {
        for common in [
            "password",
            "PassWord1",
            "password123",
            "12345678",
            "qwertyuiop",
            "iloveyou1",
            "datacore1",
            "aaaaaaaaaa",
            "P@ssw0rd",
        ] {
            let invalid = check_password(common, &[]).unwrap_err();
            assert!(invalid.reason.starts_with("is among the passwords that are guessed first"), "{common}");
        }
    }

    #[test]
    fn refuses_what_is_known_about_the_person() {
        assert!(check_password("villanueva", &["ana.villanueva@example.com", "Ana Villanueva"]).is_err());
    }

    #[test]
    fn accepts_what_people_can_remember() {
        for good in
            ["correct-horse-battery", "shoppers-and-stores", "bench-password", "another-good-one", "s3cret-Pa55-word"]
        {
            assert_eq!(check_password(good, &["Ana"]), Ok(()), "{good}");
        }
    }
}
