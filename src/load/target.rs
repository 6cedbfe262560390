//! The relation that rows go into: made, or found and matched column by column.

use migrator_model::{
    Ident, QualifiedName, catalog::Table, layout::Attribute, pg_type::Environment, rules,
};

use super::{
    generated,
    options::{MethodOption, Mode},
    outcome::Method,
    plan::PlannedColumn,
    types::{KnownEnums, TypeMaker},
};
use crate::{
    ddl::{
        Kind, Statement,
        macros::Macros,
        table::{self, ColumnDefinition},
    },
    error::{Error, Result},
    pg::{
        domain::Domain,
        facts::{self, AttributeFacts, Facts},
        page_load,
        relation::Relation,
        spi,
    },
    steps::{About, Steps},
};

/// Where rows go.
pub struct Target {
    /// pg_class.oid
    pub oid: u32,
    /// Its name, qualified.
    pub name: QualifiedName,
    /// Its attributes, as the reader fills them.
    pub attributes: Vec<Attribute>,
    /// The columns that are filled, in the order of the scan.
    pub filled: Vec<Ident>,
    facts: Facts,
}

/// The name of a new target: what the user says, else the source's name, in the current schema
/// for DuckDB's `main`.
pub fn name(table: &Table, wanted: Option<&str>) -> Result<QualifiedName> {
    if let Some(wanted) = wanted {
        let QualifiedName { schema, name } = QualifiedName::parse(wanted)?;
        let schema = schema.map_or_else(facts::current_schema, Ok)?;
        return Ok(QualifiedName::new(schema, name));
    }
    let schema = match table.name.schema.as_deref() {
        None | Some("main") => facts::current_schema()?,
        Some(other) => Ident::new(&other.replace('.', "_"))?,
    };
    Ok(QualifiedName::new(schema, Ident::new(&table.name.name)?))
}

/// A table that the plan asks for. Keys and the like come after the data.
pub struct NewTable<'a> {
    /// The source table.
    pub source: &'a Table,
    /// Its name here.
    pub name: &'a QualifiedName,
    /// The names of its columns here.
    pub columns: Vec<Ident>,
    /// What they become; types without a name get theirs.
    pub planned: &'a mut [PlannedColumn],
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// The macros of the file.
    pub macros: &'a Macros,
    /// Enum types that this run has made or found.
    pub known: &'a mut KnownEnums,
    /// The report.
    pub steps: &'a mut Steps,
}

impl NewTable<'_> {
    /// Makes it, with its schema and types.
    pub fn create(mut self) -> Result<Target> {
        let name = self.name;
        if facts::relation_oid(name)?.is_some() {
            return Err(Error::new("42P07", format!("relation \"{}\" already exists", name.name))
                .hint(
                    "Load into it with mode => 'append' or 'truncate', or name another target.",
                ));
        }
        let schema = name.schema.as_ref().ok_or_else(|| Error::new("XX000", "schema expected"))?;
        let source_schema = self.source.name.schema.as_deref().unwrap_or("main");
        create_schema(source_schema, schema, self.steps)?;
        self.name_types(schema)?;
        let generated = generated::translate(&mut self)?;
        generated::create(&mut self, &generated)?;
        Target::existing_table(name, self.columns)
    }

    fn name_types(&mut self, schema: &Ident) -> Result<()> {
        let Self { source, environment, known, steps, .. } = self;
        let table = self.name.name.as_str();
        let mut maker = TypeMaker { schema, table, environment, known, steps };
        for (column, planned) in self.columns.iter().zip(self.planned.iter_mut()) {
            maker.name(&mut planned.mapping.pg, &source.columns[planned.source], column)?;
        }
        Ok(())
    }

    /// The statement that makes it, with these columns generated.
    pub fn statement(&self, generated: &[Option<String>]) -> Statement {
        let column =
            |((name, planned), generated)| definition(self.source, planned, name, generated);
        let list = self.columns.iter().zip(&*self.planned).zip(generated).map(column);
        table::create_table(self.name, &list.collect::<Vec<_>>(), self.environment)
    }

    /// A step about the table itself.
    pub fn about(&self) -> About {
        About {
            kind: Kind::Table,
            source: self.source.name.to_string(),
            target: Some(self.name.quoted()),
            what: format!("table {}", self.name.name.quoted()),
        }
    }
}

fn definition<'a>(
    source: &Table,
    planned: &'a PlannedColumn,
    name: &'a Ident,
    generated: &'a Option<String>,
) -> ColumnDefinition<'a> {
    let nullable = source.columns[planned.source].nullable || planned.scan.field.is_some();
    let pg = &planned.mapping.pg;
    ColumnDefinition { name, pg, not_null: !nullable, generated: generated.as_deref() }
}

/// Makes a schema, unless it is there.
pub fn create_schema(source: &str, schema: &Ident, steps: &mut Steps) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Found {
        found: bool,
    }
    // This session's own schema has another name behind that one, and comes by itself.
    if schema.as_str() == "pg_temp" {
        return Ok(());
    }
    let argument = [pgrx::datum::DatumWithOid::from(schema.to_string())];
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1) AS found";
    if spi::one::<Found>(sql, &argument)?.found {
        return Ok(());
    }
    let statement = table::create_schema(schema);
    let (source, target) = (source.to_owned(), Some(schema.quoted()));
    let about = About { kind: Kind::Schema, source, target, what: statement.what.clone() };
    steps.run_or_raise(about, &statement)
}

/// Finds an existing relation by the search path in force.
pub fn find(table: &Table, wanted: Option<&str>) -> Result<Facts> {
    let name = match wanted {
        Some(wanted) => QualifiedName::parse(wanted)?,
        None => match table.name.schema.as_deref() {
            None | Some("main") => {
                QualifiedName { schema: None, name: Ident::new(&table.name.name)? }
            }
            Some(_) => self::name(table, None)?,
        },
    };
    let find = || {
        facts::relation_oid(&name)?.ok_or_else(|| {
            let shown = name.quoted().replace('"', "");
            Error::new("42P01", format!("relation \"{shown}\" does not exist"))
                .hint("mode => 'create' makes it.")
        })
    };
    let mut oid = find()?;
    // While it waited for the lock somebody may have put another relation in its place.
    loop {
        let locked = Relation::try_open_for_insert(oid);
        match find()? {
            same if same == oid && locked.is_some() => return Facts::of(oid),
            other => oid = other,
        }
    }
}

/// Matches the plan's columns with an existing relation's by name, and takes over its types. All
/// mismatches are told at once.
pub fn existing(facts: Facts, planned: &mut [PlannedColumn]) -> Result<Target> {
    let (mut problems, mut filled) = (Vec::new(), Vec::new());
    for column in planned.iter_mut() {
        match matching(&facts.attributes, &column.name) {
            Some(attribute) => {
                problems.extend(take_type(attribute, column)?);
                filled.push(Ident::new(&attribute.name)?);
            }
            None => problems.push(format!("The target has no column \"{}\".", column.name)),
        }
    }
    if problems.is_empty() {
        return Target::of(facts, filled);
    }
    Err(Error::new("42804", format!("the columns do not fit relation \"{}\"", facts.name))
        .detail(problems.join("\n"))
        .hint("Choose among the columns with columns, or create another table."))
}

/// Leaves out what the target computes itself, unless the user has named it.
pub fn leave_out_generated(facts: &Facts, planned: &mut Vec<PlannedColumn>) {
    planned.retain(|column| {
        let attribute = matching(&facts.attributes, &column.name);
        attribute.is_none_or(|attribute| attribute.generated.is_empty())
    });
}

/// The exact spelling first, then any case where that is one column only.
fn matching<'f>(attributes: &'f [AttributeFacts], name: &str) -> Option<&'f AttributeFacts> {
    let live = || attributes.iter().filter(|attribute| !attribute.dropped);
    let exact = live().find(|attribute| attribute.name == name);
    exact.or_else(|| {
        let mut folded = live().filter(|a| a.name.to_lowercase() == name.to_lowercase());
        folded.next().filter(|_| folded.next().is_none())
    })
}

/// Fixes the column's type. Returns what is wrong with it.
fn take_type(attribute: &AttributeFacts, column: &mut PlannedColumn) -> Result<Option<String>> {
    let wrong = |what: String| Ok(Some(format!("Column \"{}\": {what}.", attribute.name)));
    if !attribute.generated.is_empty() {
        return wrong("it is generated".into());
    }
    let logical = &column.scan.logical;
    match attribute.target()? {
        Some(target) if rules::allows(logical, &target.pg) => {
            column.fix(target.pg)?;
            Ok(None)
        }
        _ => wrong(format!(
            "{logical} cannot become {}; possible are {}",
            attribute.type_name,
            rules::possible(logical)
        )),
    }
}

impl Target {
    /// A table that was just made, with these columns filled.
    pub fn existing_table(name: &QualifiedName, filled: Vec<Ident>) -> Result<Self> {
        let oid = facts::relation_oid(name)?;
        let oid = oid.ok_or_else(|| Error::new("42P01", "the new table is gone"))?;
        Self::of(Facts::of(oid)?, filled)
    }

    fn of(facts: Facts, filled: Vec<Ident>) -> Result<Self> {
        let attribute = |attribute: &AttributeFacts| {
            let source = filled.iter().position(|name| name.as_str() == attribute.name);
            attribute.filled_from(source)
        };
        let attributes = facts.attributes.iter().map(attribute).collect::<Result<_>>()?;
        Ok(Self { oid: facts.oid, name: facts.qualified()?, attributes, filled, facts })
    }

    /// Chooses how rows get in, from what the relation is.
    pub fn method(&mut self, mode: Mode, wanted: MethodOption) -> Result<Method> {
        self.check_kind()?;
        let method = self.allowed(mode, wanted)?;
        match method {
            Method::Pages | Method::MultiInsert => self.check_privileges()?,
            // The server fills, and checks, what the scan does not.
            Method::Insert => self.attributes.iter_mut().for_each(|attribute| {
                attribute.not_null &= attribute.source.is_some();
            }),
        }
        Ok(method)
    }

    fn allowed(&self, mode: Mode, wanted: MethodOption) -> Result<Method> {
        let images = self.obstacles(mode);
        match wanted {
            MethodOption::Insert => return Ok(Method::Insert),
            MethodOption::Auto if !images.is_empty() => return Ok(Method::Insert),
            MethodOption::MultiInsert if images.is_empty() => return Ok(Method::MultiInsert),
            MethodOption::MultiInsert => return Err(self.not_allowed("multi_insert", &images)),
            MethodOption::Auto | MethodOption::Pages => {}
        }
        let pages = [images, page_load::obstacles(&self.facts)].concat();
        match wanted {
            _ if pages.is_empty() => Ok(Method::Pages),
            MethodOption::Pages => Err(self.not_allowed("pages", &pages)),
            _ => Ok(Method::MultiInsert),
        }
    }

    /// Whether pages would be possible if the table were emptied here.
    pub fn is_of_another_subtransaction(&self) -> bool {
        page_load::is_of_another_subtransaction(&self.facts)
    }

    /// Opens and locks the relation. In a transaction with an old snapshot the catalog shows it as
    /// it was then, so it is compared with what the server itself will work with.
    pub fn open(&self, method: Method) -> Result<Relation> {
        let relation = Relation::open_for_insert(self.oid);
        let same = relation.has(&self.facts.attributes)
            && (method == Method::Insert || !relation.does_more_on_insert());
        match same {
            true => Ok(relation),
            false => {
                let name = &self.name.name;
                Err(Error::new("55000", format!("relation \"{name}\" was altered meanwhile")))
            }
        }
    }

    /// Gathers statistics, where the relation has some and the user may.
    pub fn analyze(&self) -> Result<()> {
        match self.facts.may_analyze {
            true => spi::execute(&format!("ANALYZE {}", self.name.quoted())),
            false => Ok(()),
        }
    }

    fn check_kind(&self) -> Result<()> {
        if matches!(self.facts.kind.as_str(), "r" | "p" | "v" | "f") {
            return Ok(());
        }
        Err(Error::new("42809", format!("cannot load into relation \"{}\"", self.facts.name))
            .detail("It is no table, view or foreign table."))
    }

    /// Why tuple images would bypass something of this relation.
    fn obstacles(&self, mode: Mode) -> Vec<&'static str> {
        let facts = &self.facts;
        let left_out = |attribute: &&AttributeFacts| {
            !attribute.dropped && !self.filled.iter().any(|name| name.as_str() == attribute.name)
        };
        let computed = |a: &AttributeFacts| a.has_default || !a.generated.is_empty();
        let is_filled =
            |a: &&AttributeFacts| self.filled.iter().any(|name| name.as_str() == a.name);
        let checked =
            facts.attributes.iter().filter(is_filled).any(|a| a.checked_domain().is_some());
        let some_computed = facts.attributes.iter().filter(left_out).any(computed);
        [
            (facts.kind != "r", "it is not an ordinary table"),
            (facts.access_method.as_deref() != Some("heap"), "its access method is not heap"),
            (facts.is_partition, "it is a partition"),
            (facts.row_security, "row-level security applies"),
            (facts.insert_triggers, "it has triggers or foreign keys"),
            (facts.rules, "it has rules"),
            (checked, "it has columns of domains with constraints"),
            (mode != Mode::Create && some_computed, "columns that are not loaded are computed"),
        ]
        .into_iter()
        .filter_map(|(true_of_it, why)| true_of_it.then_some(why))
        .collect()
    }

    fn not_allowed(&self, method: &str, obstacles: &[&str]) -> Error {
        let message = format!("method {method} is not possible for \"{}\"", self.facts.name);
        Error::new("0A000", message)
            .detail(format!("The relation does not allow it: {}.", obstacles.join("; ")))
    }

    fn check_privileges(&self) -> Result<()> {
        let may = |name: &Ident| {
            let mut attributes = self.facts.attributes.iter();
            attributes.any(|attribute| attribute.name == name.as_str() && attribute.may_insert)
        };
        if self.facts.may_insert || !self.filled.is_empty() && self.filled.iter().all(may) {
            return Ok(());
        }
        Err(Error::new("42501", format!("permission denied for table {}", self.facts.name)))
    }

    /// The statement that reads the scan as rows of the target's own type.
    pub fn insert_statement(&self) -> String {
        let name = self.name.quoted();
        let plain = self.filled.iter().filter_map(|name| {
            let facts = self.facts.attributes.iter().find(|a| a.name == name.as_str())?;
            facts.generated.is_empty().then(|| (name.quoted(), facts.checked_domain()))
        });
        let (columns, values): (Vec<_>, Vec<_>) =
            plain.map(|(column, domain)| (column.clone(), value(&column, domain))).unzip();
        // OFFSET 0 keeps the planner from evaluating the function once for each column.
        format!(
            "INSERT INTO {name} ({}) OVERRIDING SYSTEM VALUE SELECT {} \
             FROM (SELECT migrator.scan_rows(NULL::{name}) AS r OFFSET 0) s",
            columns.join(", "),
            values.join(", ")
        )
    }
}

/// A column of the row that is read. The row has its types already, so that the server would see
/// no reason to check a domain: the way through its base type gives it one.
fn value(column: &str, domain: Option<&Domain>) -> String {
    match domain {
        Some(domain) => format!("(r).{column}::{}::{}", domain.base_name, domain.name),
        None => format!("(r).{column}"),
    }
}
