//! What stands in IMPORT FOREIGN SCHEMA … OPTIONS (…).

use migrator_model::reject::shown;

use crate::error::{Error, Result};

/// The options as they are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `on_lossy`: whether columns may lose something; the tables get the same option.
    pub accept_lossy: bool,
    /// `import_comments`
    pub comments: bool,
    /// `import_not_null`
    pub not_null: bool,
    /// `look_at_data`: whether the data is read where it decides about a type.
    pub look_at_data: bool,
}

impl Options {
    /// Reads them.
    pub fn parse(given: &[(String, String)]) -> Result<Self> {
        let mut options =
            Self { accept_lossy: false, comments: true, not_null: true, look_at_data: true };
        for (name, value) in given {
            match name.as_str() {
                "on_lossy" => options.accept_lossy = accept_lossy(value)?,
                "import_comments" => options.comments = boolean(name, value)?,
                "import_not_null" => options.not_null = boolean(name, value)?,
                "look_at_data" => options.look_at_data = boolean(name, value)?,
                _ => return Err(unknown(name)),
            }
        }
        Ok(options)
    }
}

fn accept_lossy(value: &str) -> Result<bool> {
    match value {
        "error" => Ok(false),
        "accept" => Ok(true),
        other => {
            let message = format!("invalid value for on_lossy: \"{}\"", shown(other));
            Err(Error::new("22023", message).hint("Valid values are: error, accept."))
        }
    }
}

/// What the server itself takes for a Boolean option.
fn boolean(name: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(Error::new("42601", format!("{name} requires a Boolean value"))),
    }
}

fn unknown(name: &str) -> Error {
    Error::new("HV00D", format!("invalid option \"{}\"", shown(name)))
        .hint("Valid options are: on_lossy, import_comments, import_not_null, look_at_data.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str, value: &str) -> Result<Options> {
        Options::parse(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn everything_is_imported_and_nothing_is_lost_unless_somebody_says_so() {
        let options = Options::parse(&[]).unwrap();
        assert!(options.comments && options.not_null && options.look_at_data);
        assert!(!options.accept_lossy);
        assert!(!parsed("import_comments", "off").unwrap().comments);
        assert!(!parsed("import_not_null", "FALSE").unwrap().not_null);
        assert!(parsed("on_lossy", "accept").unwrap().accept_lossy);
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        assert_eq!(parsed("import_coments", "off").unwrap_err().sqlstate(), "HV00D");
        assert_eq!(parsed("look_at_data", "perhaps").unwrap_err().sqlstate(), "42601");
        assert_eq!(parsed("on_lossy", "yes").unwrap_err().sqlstate(), "22023");
    }
}
