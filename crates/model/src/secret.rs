//! A text that no message and no log may show.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key or password. It shows itself as dots.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text with the secret taken out, wherever it stands in it.
    pub fn redact(&self, text: &str) -> String {
        match self.0.is_empty() {
            true => text.to_owned(),
            false => text.replace(&self.0, "..."),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("...")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("open sesame");
        assert_eq!(format!("{:?}", Some(&secret)), "Some(...)");
        assert_eq!(secret.redact("ATTACH (KEY 'open sesame')"), "ATTACH (KEY '...')");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"open sesame\"");
    }
}
