//! CREATE INDEX and DROP INDEX as the server's own parser reads them: what they name, and the same
//! statement with or without CONCURRENTLY.

use std::{
    ffi::{CStr, CString, c_char},
    ptr,
};

use migrator_model::{
    Ident,
    ident::{MAX_IDENT, clip},
};
use pgrx::{is_a, pg_sys};

use super::{list, quoting::text_at};
use crate::error::{Error, Result};

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// CREATE INDEX
    Create(Create),
    /// DROP INDEX
    Drop(Drop),
}

/// CREATE INDEX
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Create {
    /// The relation as it is named: schema and name, or the name.
    pub relation: Vec<String>,
    /// The index's name, where it has one.
    pub name: Option<String>,
    /// Its columns; expressions as in the names that the server makes: `lower`, or `expr`.
    pub columns: Vec<String>,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    unique: bool,
    only: bool,
    /// The text from the relation's name on.
    rest: String,
}

/// DROP INDEX of one index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    /// The index as it is named.
    pub index: Vec<String>,
    /// IF EXISTS
    pub if_exists: bool,
    /// CASCADE
    pub cascade: bool,
}

impl Statement {
    /// Reads a text; an ERROR of the parser goes to the user as it is.
    pub fn parse(text: &str) -> Result<Self> {
        let sql = terminated(text)?;
        // SAFETY: the node is one of the parser's, and its type is looked at first.
        unsafe {
            let raw = only(&sql)?;
            let node = (*raw).stmt;
            if is_a(node, pg_sys::NodeTag::T_IndexStmt) {
                return Ok(Self::Create(created(text, raw, node.cast())?));
            }
            if is_a(node, pg_sys::NodeTag::T_DropStmt) {
                return dropped(node.cast());
            }
            Err(not_ours(node))
        }
    }
}

impl Create {
    /// The statement with this name, and CONCURRENTLY or not.
    pub fn sql(&self, name: &Ident, concurrently: bool) -> String {
        format!(
            "CREATE {}INDEX {}{} ON {}{}",
            if self.unique { "UNIQUE " } else { "" },
            if concurrently { "CONCURRENTLY " } else { "" },
            name.quoted(),
            if self.only { "ONLY " } else { "" },
            self.rest
        )
    }

    /// Whether that is the statement that was read but for the name and CONCURRENTLY.
    pub fn is_said_by(&self, text: &str, sql: &str) -> Result<bool> {
        let (text, sql) = (terminated(text)?, terminated(sql)?);
        // SAFETY: both are nodes of the parser's, in the current memory context, and what is set is
        // of the types that the parser sets it to.
        unsafe {
            let nodes = [only(&text)?, only(&sql)?].map(|raw| (*raw).stmt);
            for node in nodes {
                if !is_a(node, pg_sys::NodeTag::T_IndexStmt) {
                    return Ok(false);
                }
                let statement = node.cast::<pg_sys::IndexStmt>();
                (*statement).idxname = ptr::null_mut();
                (*statement).concurrent = false;
                (*statement).if_not_exists = false;
            }
            Ok(pg_sys::equal(nodes[0].cast(), nodes[1].cast()))
        }
    }
}

fn terminated(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new("42601", "a statement cannot hold a NUL byte"))
}

fn only(sql: &CStr) -> Result<*mut pg_sys::RawStmt> {
    let mode = pg_sys::RawParseMode::RAW_PARSE_DEFAULT;
    // SAFETY: the text is NUL-terminated; the parser's list is one of RawStmt, which lives as long
    // as the current memory context.
    let statements = unsafe { list::cells(pg_sys::raw_parser(sql.as_ptr(), mode)) };
    match statements {
        // SAFETY: a list of nodes has pointers.
        [only] => Ok(unsafe { only.ptr_value }.cast()),
        several => Err(Error::new("42601", "choice must be one statement")
            .detail(format!("There are {}.", several.len()))),
    }
}

/// # Safety
/// The node must be one of the parser's, and its statement of this text.
unsafe fn created(
    text: &str,
    raw: *mut pg_sys::RawStmt,
    statement: *mut pg_sys::IndexStmt,
) -> Result<Create> {
    // SAFETY: by the caller; the parser always sets the relation.
    unsafe {
        let relation = (*statement).relation;
        let rest = rest(text, &*raw, (*relation).location)?;
        let parts = [(*relation).catalogname, (*relation).schemaname, (*relation).relname];
        Ok(Create {
            relation: parts.into_iter().filter_map(|part| text_at(part)).collect(),
            name: text_at((*statement).idxname),
            columns: distinct(
                [(*statement).indexParams, (*statement).indexIncludingParams]
                    .into_iter()
                    .flat_map(|list| columns(list))
                    .collect(),
            )?,
            if_not_exists: (*statement).if_not_exists,
            unique: (*statement).unique,
            only: !(*relation).inh,
            rest: rest.to_owned(),
        })
    }
}

/// The text of a statement from a place on.
fn rest<'t>(text: &'t str, raw: &pg_sys::RawStmt, from: i32) -> Result<&'t str> {
    let start = usize::try_from(raw.stmt_location).unwrap_or(0);
    let end = match usize::try_from(raw.stmt_len) {
        // To the end of the text.
        Ok(0) | Err(_) => text.len(),
        Ok(length) => start + length,
    };
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    if text.get(..from).is_some_and(|before| before.trim_end().ends_with('(')) {
        return Err(Error::new("0A000", "choice cannot be rewritten")
            .detail("Its table must be named without parentheses around it."));
    }
    let rest = text.get(from..end).map(str::trim_end).filter(|rest| !rest.is_empty());
    rest.ok_or_else(|| Error::new("XX000", "position in a statement expected"))
}

/// # Safety
/// The list must be one of IndexElem.
unsafe fn columns(elements: *const pg_sys::List) -> Vec<String> {
    // SAFETY: by the caller.
    unsafe {
        let name = |cell: &pg_sys::ListCell| {
            let element = cell.ptr_value.cast::<pg_sys::IndexElem>();
            let name = match (*element).name.is_null() {
                true => figured((*element).expr),
                false => (*element).name,
            };
            text_at(name).unwrap_or_else(|| "expr".to_owned())
        };
        list::cells(elements).iter().map(name).collect()
    }
}

/// ChooseIndexColumnNames(): a name that comes again gets a number. DefineIndex() refuses too many
/// columns later; here each is compared with those before it.
fn distinct(names: Vec<String>) -> Result<Vec<String>> {
    let most = pg_sys::INDEX_MAX_KEYS;
    if names.len() > most as usize {
        let message = format!("cannot use more than {most} columns in an index");
        return Err(Error::new("54011", message));
    }
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let mut numbered = name.clone();
        for number in 1.. {
            if !all.contains(&numbered) {
                break;
            }
            let number = format!("{number}");
            numbered = clip(&name, MAX_IDENT - number.len()).to_owned() + &number;
        }
        all.push(numbered);
    }
    Ok(all)
}

unsafe extern "C-unwind" {
    // parser/parse_target.h; pgrx does not bind it.
    fn FigureIndexColname(node: *mut pg_sys::Node) -> *mut c_char;
}

/// # Safety
/// The node must be an expression of the parser's.
unsafe fn figured(expression: *mut pg_sys::Node) -> *mut c_char {
    // SAFETY: by the caller; an ERROR of the server's is behind the guard.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| FigureIndexColname(expression)) }
}

/// # Safety
/// The statement must be one of the parser's.
unsafe fn dropped(statement: *mut pg_sys::DropStmt) -> Result<Statement> {
    // SAFETY: by the caller; an index is named by a list of strings.
    unsafe {
        if (*statement).removeType != pg_sys::ObjectType::OBJECT_INDEX {
            return Err(not_ours(statement.cast()));
        }
        let [only] = list::cells((*statement).objects) else {
            return Err(Error::new("22023", "choice must name one index"));
        };
        let parts = list::cells(only.ptr_value.cast()).iter();
        let part =
            |cell: &pg_sys::ListCell| text_at((*cell.ptr_value.cast::<pg_sys::String>()).sval);
        Ok(Statement::Drop(Drop {
            index: parts.filter_map(part).collect(),
            if_exists: (*statement).missing_ok,
            cascade: (*statement).behavior == pg_sys::DropBehavior::DROP_CASCADE,
        }))
    }
}

/// # Safety
/// The node must be a statement of the parser's.
unsafe fn not_ours(node: *mut pg_sys::Node) -> Error {
    // SAFETY: by the caller; the name of a tag is static and NUL-terminated.
    let name = unsafe { CStr::from_ptr(pg_sys::GetCommandTagName(pg_sys::CreateCommandTag(node))) };
    Error::new("22023", "choice must be CREATE INDEX or DROP INDEX")
        .detail(format!("It is {}.", name.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(rest: &str) -> Create {
        Create { rest: rest.to_owned(), ..Create::default() }
    }

    fn sql(create: &Create, concurrently: bool) -> String {
        create.sql(&Ident::new("a \"b\"").unwrap(), concurrently)
    }

    #[test]
    fn a_statement_is_written_with_its_name() {
        let rest = "s.t USING btree (x) WHERE y";
        assert_eq!(
            sql(&create(rest), false),
            r#"CREATE INDEX "a ""b""" ON s.t USING btree (x) WHERE y"#
        );
        let unique = Create { unique: true, only: true, ..create("t (x)") };
        assert_eq!(
            sql(&unique, true),
            r#"CREATE UNIQUE INDEX CONCURRENTLY "a ""b""" ON ONLY t (x)"#
        );
    }

    #[test]
    fn columns_have_names_of_their_own() {
        let long = "x".repeat(63);
        let names = ["lower", "lower", "a", "lower", &long, &long].map(str::to_owned);
        let expected = ["lower", "lower1", "a", "lower2", &long, &(long[..62].to_owned() + "1")];
        assert_eq!(distinct(names.to_vec()).unwrap(), expected);
    }

    #[test]
    fn an_index_has_only_so_many_columns() {
        let names = |count| vec!["a".to_owned(); count];
        assert_eq!(distinct(names(32)).unwrap()[31], "a31");
        let error = distinct(names(33)).unwrap_err();
        assert_eq!(error.sqlstate(), "54011");
        assert_eq!(error.message(), "cannot use more than 32 columns in an index");
    }

    #[test]
    fn the_rest_ends_with_its_statement() {
        let text = " CREATE INDEX ON t (ä); ";
        let raw = |start, length| pg_sys::RawStmt {
            stmt_location: start,
            stmt_len: length,
            ..pg_sys::RawStmt::default()
        };
        let at = text.find("t (").unwrap() as i32;
        let end = text.find(';').unwrap() as i32;
        assert_eq!(rest(text, &raw(1, end - 1), at).unwrap(), "t (ä)");
        assert_eq!(rest(text, &raw(0, 0), at).unwrap(), "t (ä);");
        assert!(rest(text, &raw(0, 0), -1).is_err());
        assert!(rest(text, &raw(0, 5), at).is_err());
        let text = "CREATE INDEX ON ONLY ( t) (x)";
        let error = rest(text, &raw(0, 0), text.find("t)").unwrap() as i32).unwrap_err();
        assert_eq!(error.sqlstate(), "0A000");
    }
}
