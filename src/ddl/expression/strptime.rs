//! `strptime` and `try_strptime` with a literal format: the format becomes a regular expression here,
//! and a function puts what it finds together.

use migrator_model::{ident::literal, reject::shown};

use super::{
    Untranslatable,
    class::Class,
    functions::{Call, Function, Stability::Queried, line, pair},
    parts, refuse,
    value::Value,
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["strptime", "try_strptime"], 2..=2, Queried, strptime),
];

/// What DuckDB takes for a space.
const SPACE: &str = r"[ \t\n\v\f\r]";
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The text, the regular expression, a letter for each of its groups, and whether to fail.
static STRPTIME: Helper = helper(
    "duckdb_strptime",
    "text, text, text, boolean",
    r#"RETURNS timestamp without time zone LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    special text[] := pg_catalog.regexp_match($1,
        '^[ \t\n\v\f\r]*(-?[Ii][Nn][Ff][Ii][Nn][Ii][Tt][Yy]|[Ee][Pp][Oo][Cc][Hh])(.*)$');
    found text[] := pg_catalog.regexp_match($1, $2);
    fits boolean := true;
    years integer := 1900;
    months integer := 1;
    days integer := 1;
    hours integer := 0;
    minutes integer := 0;
    seconds integer := 0;
    micros integer := 0;
    afternoon boolean;
    part text;
BEGIN
    IF special IS NOT NULL AND special[2] ~ '^[ \t\n\v\f\r]*$' THEN
        -- DuckDB's try_strptime forgets what it has found.
        RETURN CASE WHEN $4 THEN special[1] ELSE '1900-01-01' END::timestamp;
    END IF;
    FOR place IN 1 .. pg_catalog.length($3) LOOP
        part := found[place];
        CASE pg_catalog.substr($3, place, 1)
            WHEN 'Y' THEN years := part::integer;
            WHEN 'y' THEN
                years := part::integer + CASE WHEN part::integer < 69 THEN 2000 ELSE 1900 END;
            WHEN 'm' THEN months := part::integer; fits := fits AND months BETWEEN 1 AND 12;
            WHEN 'b' THEN
                months := (pg_catalog.strpos('janfebmaraprmayjunjulaugsepoctnovdec',
                    pg_catalog.lower(pg_catalog.substr(part, 1, 3))) + 2) / 3;
            WHEN 'd' THEN days := part::integer; fits := fits AND days BETWEEN 1 AND 31;
            WHEN 'H' THEN hours := part::integer; fits := fits AND hours < 24;
            WHEN 'I' THEN hours := part::integer; fits := fits AND hours BETWEEN 1 AND 12;
            WHEN 'p' THEN afternoon := part ~ '^[Pp]';
            WHEN 'M' THEN minutes := part::integer; fits := fits AND minutes < 60;
            WHEN 'S' THEN seconds := part::integer; fits := fits AND seconds < 60;
            WHEN 'f' THEN micros := pg_catalog.rpad(part, 6, '0')::integer;
            WHEN 'g' THEN micros := pg_catalog.rpad(part, 3, '0')::integer * 1000;
        END CASE;
    END LOOP;
    IF afternoon IS NOT NULL THEN
        fits := fits AND hours <= 12;
        hours := hours % 12 + CASE WHEN afternoon THEN 12 ELSE 0 END;
    END IF;
    years := years - CASE WHEN years > 0 THEN 0 ELSE 1 END;
    IF special IS NULL AND found IS NOT NULL AND fits THEN
        fits := days <= EXTRACT(DAY FROM
            pg_catalog.make_date(years, months, 1) + '1 month -1 day'::interval);
    ELSE
        fits := false;
    END IF;
    IF fits THEN
        RETURN pg_catalog.make_timestamp(years, months, days, hours, minutes,
            seconds + micros / 1000000::double precision);
    ELSIF $4 THEN
        RAISE EXCEPTION 'could not parse string "%" with strptime', $1
            USING ERRCODE = 'invalid_datetime_format';
    END IF;
    RETURN NULL;
END $$"#,
    "DuckDB's strptime and try_strptime",
);

fn strptime(call: Call<'_>) -> Out {
    let (helpers, strict) = (call.context.helpers, call.name == "strptime");
    let (text, format) = pair(call)?;
    let text = text.text("strptime")?.sql;
    let (pattern, codes) = pattern(format.string("the format of strptime")?)?;
    let args = format!("{text}, {}::text, {}::text, {strict}", literal(&pattern), literal(&codes));
    Ok(Value::settled(helper::call(helpers, &STRPTIME, &args)?, Class::Timestamp(6)))
}

/// The regular expression of a format, and the codes of its groups.
fn pattern(format: &str) -> Result<(String, String), Untranslatable> {
    let (mut pattern, mut codes) = (format!("^{SPACE}*"), String::new());
    let spelled = parts::spelled(format);
    // Spaces before a text are left out before a format is looked at.
    if spelled.starts_with(space) {
        return refuse("strptime with a space at the start of its format never succeeds");
    }
    let mut rest = spelled.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '%' => {
                let mut code = rest.next();
                if code == Some('-') {
                    code = rest.next().filter(|code| "dmyHIMS".contains(*code));
                }
                pattern += &group(code, &mut codes)?;
            }
            blank if space(blank) => {
                while rest.next_if(|next| space(*next)).is_some() {}
                pattern += &format!("{SPACE}+");
            }
            plain => pattern += &escaped(plain),
        }
    }
    Ok((format!("{pattern}{SPACE}*$"), codes))
}

fn space(c: char) -> bool {
    " \t\n\u{b}\u{c}\r".contains(c)
}

fn escaped(plain: char) -> String {
    if plain.is_ascii_punctuation() { format!("\\{plain}") } else { plain.to_string() }
}

/// What one code matches. Digits are taken as far as they go, and never given back.
fn group(code: Option<char>, codes: &mut String) -> Result<String, Untranslatable> {
    let Some(code) = code else { return refuse("strptime with this format is not supported") };
    let digits = |most: u32| format!("([0-9]{{{most}}}|[0-9]{{1,{}}}(?![0-9]))", most - 1);
    let short = |names: &[&str]| {
        names.iter().filter_map(|name| name.get(..3)).map(any_case).collect::<Vec<_>>().join("|")
    };
    let long =
        |names: &[&str]| names.iter().map(|name| any_case(name)).collect::<Vec<_>>().join("|");
    let (letter, pattern) = match code {
        '%' => return Ok("%".to_owned()),
        'a' => return Ok(format!("(?:{})", short(&DAYS))),
        'A' => return Ok(format!("(?:{})", long(&DAYS))),
        'b' | 'h' => ('b', format!("({})", short(&MONTHS))),
        'B' => ('b', format!("({})", long(&MONTHS))),
        'p' => ('p', "([AaPp][Mm])".to_owned()),
        'Y' => ('Y', digits(4)),
        'f' => ('f', digits(6)),
        'g' => ('g', digits(3)),
        'y' | 'm' | 'd' | 'H' | 'I' | 'M' | 'S' => (code, digits(2)),
        other => {
            return refuse(format!(
                "strptime with %{} is not supported",
                shown(&other.to_string())
            ));
        }
    };
    codes.push(letter);
    Ok(pattern)
}

fn any_case(name: &str) -> String {
    let both = |c: char| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase());
    name.chars().map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_becomes_a_pattern() {
        let (pattern, codes) = pattern("%Y.%m %%").unwrap();
        let space = SPACE;
        assert_eq!(
            pattern,
            format!(
                "^{space}*([0-9]{{4}}|[0-9]{{1,3}}(?![0-9]))\\.\
                 ([0-9]{{2}}|[0-9]{{1,1}}(?![0-9])){space}+%{space}*$"
            )
        );
        assert_eq!(codes, "Ym");
        assert_eq!(super::pattern("%c").unwrap().1, "YmdHMS");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for format in ["%z", "%j", "%n", "%", "%-Y", " %Y", "%U"] {
            assert!(pattern(format).is_err(), "{format}");
        }
    }
}
