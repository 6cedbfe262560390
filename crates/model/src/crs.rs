//! The SRID in a CRS as DuckDB keeps its text (duckdb: src/common/types/geometry_crs.cpp): an
//! authority's code, PROJJSON, or WKT, each of which may name itself after an EPSG entry.

use serde_json::Value;

/// PostGIS' SRID_MAXIMUM.
pub const SRID_MAX: i32 = 999_999;

/// WGS 84 with the longitude first: what PostGIS' SRID 4326 holds in practice.
const WGS_84: i32 = 4326;

/// The EPSG code, which is also PostGIS' SRID, of the system that the text as a whole describes.
pub fn srid_of_crs(crs: &str) -> Option<i32> {
    let crs = crs.trim();
    if crs.starts_with('{') {
        return of_projjson(crs);
    }
    if crs.contains(['[', '(']) {
        return of_wkt(crs);
    }
    let (authority, code) = crs.split_once(':')?;
    srid(authority, code)
}

fn srid(authority: &str, code: &str) -> Option<i32> {
    if authority.eq_ignore_ascii_case("OGC") && code.eq_ignore_ascii_case("CRS84") {
        return Some(WGS_84);
    }
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_epsg = authority.eq_ignore_ascii_case("EPSG") && is_code;
    let code = is_epsg.then(|| code.parse().ok())??;
    (1..=SRID_MAX).contains(&code).then_some(code)
}

/// PROJJSON's `id`, or the first of its `ids` that is of use.
fn of_projjson(crs: &str) -> Option<i32> {
    let crs: Value = serde_json::from_str(crs).ok()?;
    let several = crs.get("ids").and_then(Value::as_array).into_iter().flatten();
    crs.get("id").into_iter().chain(several).find_map(|id| {
        let code = match id.get("code")? {
            Value::String(code) => code.clone(),
            code => code.as_u64()?.to_string(),
        };
        srid(id.get("authority")?.as_str()?, &code)
    })
}

/// WKT2's `ID["EPSG",4326]` or WKT1's `AUTHORITY["EPSG","4326"]`: in the outermost object only,
/// as the ones within it name its ellipsoid, units and axes.
fn of_wkt(crs: &str) -> Option<i32> {
    let mut tokens = Tokens(crs);
    let (mut depth, mut keyword) = (0_usize, "");
    while let Some(token) = tokens.next() {
        match token {
            Token::Open => {
                depth += 1;
                let is_id = ["ID", "AUTHORITY"].iter().any(|it| keyword.eq_ignore_ascii_case(it));
                if depth == 2
                    && is_id
                    && let Some(srid) = of_id(tokens)
                {
                    return Some(srid);
                }
            }
            Token::Close if depth <= 1 => return None,
            Token::Close => depth -= 1,
            _ => {}
        }
        keyword = if let Token::Word(word) = token { word } else { "" };
    }
    None
}

fn of_id(mut inner: Tokens) -> Option<i32> {
    let Token::Text(authority) = inner.next()? else { return None };
    inner.next().filter(|token| *token == Token::Comma)?;
    let (Token::Text(code) | Token::Word(code)) = inner.next()? else { return None };
    // A code that the text's end cuts short is another one.
    inner.next().filter(|token| matches!(token, Token::Comma | Token::Close))?;
    srid(authority, code)
}

/// A part of WKT. A doubled quote makes two texts of one, which moves no bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A keyword or a number.
    Word(&'a str),
    Text(&'a str),
    Open,
    Close,
    Comma,
}

#[derive(Clone, Copy)]
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let text = self.0.trim_start();
        let is_end = |c: char| c.is_whitespace() || "[](),\"".contains(c);
        let (length, token) = match text.chars().next()? {
            '[' | '(' => (1, Token::Open),
            ']' | ')' => (1, Token::Close),
            ',' => (1, Token::Comma),
            '"' => {
                let inner = text[1..].split_once('"')?.0;
                (inner.len() + 2, Token::Text(inner))
            }
            _ => {
                let word = &text[..text.find(is_end).unwrap_or(text.len())];
                (word.len(), Token::Word(word))
            }
        };
        self.0 = &text[length..];
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::srid_of_crs;

    #[test]
    fn crs_names_its_epsg_code() {
        let cases = [
            ("EPSG:4326", 4326),
            (" epsg:3857 ", 3857),
            ("OGC:CRS84", 4326),
            (r#"{"type":"GeographicCRS","id":{"authority":"EPSG","code":4326}}"#, 4326),
            (
                r#"{"base_crs":{"id":{"authority":"EPSG","code":1}},"id":{"authority":"EPSG","code":"25832"}}"#,
                25832,
            ),
            (r#"{"id":{"authority":"OGC","code":"CRS84"}}"#, 4326),
            (r#"{"ids":[{"authority":"IAU"},{"authority":"EPSG","code":31467}]}"#, 31467),
            (
                r#"GEOGCRS["WGS 84",ELLIPSOID["WGS 84",6378137,ID["EPSG",7030]],ID["EPSG",4326]]"#,
                4326,
            ),
            (r#"PROJCRS("a ""b]"" c", CS(Cartesian , 2), id ( "epsg" , 25832 ) )"#, 25832),
            (
                r#"PROJCS["x",GEOGCS["y",AUTHORITY["EPSG","4258"]],AUTHORITY["EPSG","25833"]]"#,
                25833,
            ),
            (r#"GEOGCRS["x",ID["ESRI",104000],ID["EPSG",4269,"v",URI["u"]]]"#, 4269),
            (r#"GEOGCRS["x",ID["OGC","CRS84"]]"#, 4326),
        ];
        for (crs, srid) in cases {
            assert_eq!(srid_of_crs(crs), Some(srid), "{crs}");
        }
    }

    #[test]
    fn crs_without_an_epsg_code_has_no_srid() {
        let cases = [
            "",
            "4326",
            "EPSG",
            "EPSG:",
            "EPSG:+4326",
            "EPSG:0",
            "EPSG:1000000",
            "EPSG:99999999999",
            "EPSG:4326+5773",
            "ESRI:102100",
            "OGC:CRS83",
            "{",
            "{}",
            r#"{"id":4326}"#,
            r#"{"id":{"authority":"EPSG"}}"#,
            r#"{"id":{"authority":"EPSG","code":-4326}}"#,
            r#"{"id":{"authority":"ESRI","code":102100}}"#,
            r#"{"type":"ProjectedCRS","base_crs":{"id":{"authority":"EPSG","code":4326}}}"#,
            "[",
            "][",
            r#"GEOGCRS["WGS 84",ELLIPSOID["WGS 84",6378137,ID["EPSG",7030]]]"#,
            r#"GEOGCRS["ID[""EPSG"",4326]"]"#,
            r#"GEOGCRS["x",ID["EPSG"]]"#,
            r#"GEOGCRS["x",ID["EPSG",]]"#,
            r#"GEOGCRS["x"],ID["EPSG",4326]"#,
            r#"GEOGCRS["x],ID["EPSG",4326]"#,
            r#"COMPOUNDCRS["x",GEOGCRS["y",ID["EPSG",4326]],VERTCRS["z",ID["EPSG",5773]]]"#,
        ];
        for crs in cases {
            assert_eq!(srid_of_crs(crs), None, "{crs}");
        }
    }

    /// Any cut of any text is read without a panic, also within a character.
    #[test]
    fn no_crs_panics() {
        let crs = r#"GEOGCRS["Größe 84",UNIT["°",1,ID["EPSG",9122]],é,ID["EPSG",4326]]"#;
        for (at, _) in crs.char_indices() {
            assert_eq!(srid_of_crs(&crs[..at]).is_some(), at == crs.len() - 1);
            srid_of_crs(&crs[at..]);
        }
    }
}
