//! Where a secret is: a variable or a file that the config names. A slip may have put the secret itself in the place of
//! the name, so what is no name is never repeated.

use std::path::Path;

use super::error::Failure;

/// A file that holds more is no secret.
const LARGEST_SECRET: u64 = 64 * 1024;

/// What the variable that `key` (`url_env`) names holds, of `whose` (the alert channel `ops`).
///
/// # Errors
/// What is no variable's name, and one that is not set.
pub fn read_variable(whose: &str, key: &str, name: &str) -> Result<String, Failure> {
    if !is_variable_name(name) {
        return Err(Failure::new(format!("{whose}: what {key} says is no name of an environment variable")).hint(
            format!("{key} is the name alone, such as GPUCOST_SECRET: the secret itself is that variable's value"),
        ));
    }
    std::env::var(name).map_err(|_| {
        Failure::new(format!("{whose} needs the variable {name}, which is not set"))
            .hint(format!("set it, or name a file instead of {key}"))
    })
}

/// What the file that `key` (`url_file`) names holds.
///
/// # Errors
/// What cannot be read, and what is too large to be a secret.
pub fn read_secret_file(whose: &str, key: &str, path: &Path) -> Result<String, Failure> {
    let size = std::fs::metadata(path).map(|about| about.len());
    let text = size.and_then(|size| match size > LARGEST_SECRET {
        true => Err(std::io::Error::other("it is too large to be a secret")),
        false => std::fs::read_to_string(path),
    });
    text.map_err(|why| {
        // The path may be the secret itself.
        Failure::new(format!("{whose}: the file that {key} names cannot be read: {why}"))
            .hint(format!("{key} is a path; the file holds the secret and nothing else"))
    })
}

fn is_variable_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_or_path_is_not_repeated() {
        for secret in ["https://hooks.example/SECRET123", "SECRET-123", "1SECRET", "", "SECRET 123", "SECRÉT"] {
            let failure = read_variable("the alert channel `ops`", "url_env", secret).unwrap_err().to_string();
            assert!(!failure.contains("SECR\u{c9}T") && !failure.contains("SECRET123"), "{failure}");
            assert!(failure.contains("`ops`: what url_env says is no name"), "{failure}");
        }
        let unset = read_variable("it", "url_env", "GPUCOST_NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert!(unset.contains("needs the variable GPUCOST_NO_SUCH_VARIABLE"), "{unset}");
        let secret = Path::new("https://hooks.example/SECRET123");
        let failure = read_secret_file("the alert channel `ops`", "url_file", secret).unwrap_err().to_string();
        assert!(!failure.contains("SECRET123") && failure.contains("url_file"), "{failure}");
    }
}
