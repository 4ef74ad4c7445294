//! Which passwords are accepted: NIST SP 800-63B asks for length and against the most common ones, nothing else.

use domain::Invalid;

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 256;

/// Passwords of eight and more characters that every list of leaked ones begins with.
const COMMON: &[&str] = &[
    "00000000",
    "11111111",
    "12341234",
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "1q2w3e4r",
    "1qaz2wsx",
    "87654321",
    "88888888",
    "987654321",
    "aa123456",
    "abc12345",
    "abcd1234",
    "adminadmin",
    "asdfghjkl",
    "baseball",
    "changeme",
    "computer",
    "contraseña",
    "datacore",
    "football",
    "iloveyou",
    "letmein1",
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "princess",
    "q1w2e3r4",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwertyui",
    "qwertyuiop",
    "starwars",
    "sunshine",
    "superman",
    "trustno1",
    "welcome1",
    "whatever",
    "zaq12wsx",
];

/// Checks a new password.
///
/// # Errors
/// When it has fewer than 8 or more than 256 characters, or is one of the most common ones.
pub fn check_password(password: &str) -> Result<(), Invalid> {
    let length = password.chars().count();
    let refused = |reason: String| Err(Invalid::new("password", reason));
    if length < MIN_CHARS {
        return refused(format!("must have at least {MIN_CHARS} characters"));
    }
    if length > MAX_CHARS {
        return refused(format!("must have at most {MAX_CHARS} characters"));
    }
    if COMMON.contains(&password.to_lowercase().as_str()) {
        return refused("is one of the most common passwords; choose another".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check_password("ñandú-ñu").is_ok());
        assert!(check_password("ñandúes").is_err());
        assert!(check_password(&"ñ".repeat(256)).is_ok());
        assert!(check_password(&"ñ".repeat(257)).is_err());
    }

    #[test]
    fn refuses_the_most_common_however_they_are_capitalised() {
        let invalid = check_password("PassWord1").unwrap_err();
        assert_eq!(invalid, Invalid::new("password", "is one of the most common passwords; choose another"));
    }
}
