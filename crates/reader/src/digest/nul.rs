//! NUL bytes: PostgreSQL's texts hold none, so a load has made something of them.

use migrator_model::policy::NulBytes;

/// What has become of a NUL byte.
#[derive(Clone, Copy)]
pub enum Nul<'p> {
    /// Nothing: a text with one was not loaded.
    Kept,
    /// It was replaced by these bytes, or by none.
    Replaced(&'p [u8]),
}

impl<'p> Nul<'p> {
    /// By what the load was told.
    pub fn of(nul_bytes: &'p NulBytes) -> Self {
        match nul_bytes {
            NulBytes::Strip => Self::Replaced(b""),
            NulBytes::Replace(instead) => Self::Replaced(instead.as_bytes()),
            NulBytes::Error | NulBytes::Reject => Self::Kept,
        }
    }

    /// In a document: jsonb has no NUL, so where the load has carried one, by consent, it is gone.
    pub fn in_document(self) -> Self {
        match self {
            Self::Kept => Self::Replaced(b""),
            replaced => replaced,
        }
    }

    /// The parts of a text that have to be put in a row; None: the text as it is.
    pub fn parts<'t>(self, text: &'t [u8]) -> Option<impl Iterator<Item = &'t [u8]>>
    where
        'p: 't,
    {
        let Self::Replaced(instead) = self else { return None };
        if !text.contains(&0) {
            return None;
        }
        let parts = text.split(|byte| *byte == 0).enumerate();
        Some(parts.flat_map(move |(at, part)| [if at == 0 { b"" } else { instead }, part]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(nul_bytes: NulBytes, text: &[u8]) -> Option<Vec<u8>> {
        Nul::of(&nul_bytes).parts(text).map(|parts| parts.collect::<Vec<_>>().concat())
    }

    #[test]
    fn nul_bytes_are_what_the_load_has_made_of_them() {
        assert_eq!(made(NulBytes::Strip, b"a\0b\0").as_deref(), Some(&b"ab"[..]));
        let replace = NulBytes::Replace("?!".into());
        assert_eq!(made(replace.clone(), b"\0a\0").as_deref(), Some(&b"?!a?!"[..]));
        assert_eq!(made(replace, b"a"), None);
        assert_eq!(made(NulBytes::Error, b"a\0"), None);
    }
}
