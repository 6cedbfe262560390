//! What the images of a scan look like, and how a row of the scan tuple comes out of one.

use migrator_model::layout::{Attribute, Target};
use pgrx::{PgTupleDesc, pg_sys};

use crate::{
    error::{Error, Result},
    pg::{
        fdw::descriptor,
        image_check::{AttributeShape, ImageShape},
        types,
    },
    readers::plan::{Fill, ScanPlan},
};

/// The images of a scan.
#[derive(Default)]
pub struct Layout {
    /// Their attributes.
    pub attributes: Vec<Attribute>,
    /// What they must be.
    pub shape: ImageShape,
    /// What the scan tuple is made of, where it is not the image itself.
    pub makeup: Option<Vec<Part>>,
    /// The attributes, from 0, that are values of domains with constraints.
    pub checked: Vec<(usize, pg_sys::Oid)>,
}

/// Where an attribute of the scan tuple comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An attribute of the image, from 0.
    Attribute(usize),
    /// numeric's quotient of two: a sum and a count.
    Quotient(usize, usize),
}

impl Layout {
    /// The images for a scan tuple that is filled as planned.
    pub fn new(descriptor: &PgTupleDesc<'_>, plan: &ScanPlan) -> Result<Self> {
        if descriptor.len() != plan.fills.len() {
            return Err(Error::new("XX000", "the plan does not fit the scan tuple"));
        }
        let (mut layout, mut makeup) = (Self::default(), Vec::new());
        for (attribute, fill) in descriptor.iter().zip(&plan.fills) {
            makeup.push(layout.part(attribute, *fill, plan)?);
        }
        let is_made = makeup.iter().any(|part| matches!(part, Part::Quotient(..)));
        layout.makeup = is_made.then_some(makeup);
        layout.shape = layout.attributes.iter().map(AttributeShape::of).collect();
        Ok(layout)
    }

    fn part(
        &mut self,
        attribute: &pg_sys::FormData_pg_attribute,
        fill: Fill,
        plan: &ScanPlan,
    ) -> Result<Part> {
        Ok(match fill {
            Fill::Nothing => Part::Attribute(self.nothing()),
            Fill::Column(column) => Part::Attribute(self.value(attribute, column, plan)?),
            Fill::Average { sum, count } => Part::Quotient(
                self.scalar(pg_sys::NUMERICOID, sum, plan)?,
                self.scalar(pg_sys::INT8OID, count, plan)?,
            ),
        })
    }

    /// An attribute that is always NULL: its type does not matter, and may be gone.
    fn nothing(&mut self) -> usize {
        let name = String::new();
        self.add(Attribute { name, target: None, source: None, not_null: false })
    }

    /// The attribute as it is declared, filled from a column.
    fn value(
        &mut self,
        attribute: &pg_sys::FormData_pg_attribute,
        column: usize,
        plan: &ScanPlan,
    ) -> Result<usize> {
        let shape = descriptor::column(attribute)?;
        let Some(target) = shape.target else {
            let type_name = descriptor::type_name(shape.type_oid, shape.typmod);
            return Err(Error::new(
                "0A000",
                format!("no DuckDB value can become type {type_name}"),
            ));
        };
        let at = self.filled(target, column, plan)?;
        if shape.is_checked {
            self.checked.push((at, attribute.atttypid));
        }
        Ok(at)
    }

    fn scalar(&mut self, oid: pg_sys::Oid, column: usize, plan: &ScanPlan) -> Result<usize> {
        let target = types::target(oid.to_u32(), -1)?;
        self.filled(target.ok_or_else(|| Error::new("XX000", "type expected"))?, column, plan)
    }

    fn filled(&mut self, target: Target, column: usize, plan: &ScanPlan) -> Result<usize> {
        let field = plan.columns.get(column);
        let field = field.ok_or_else(|| Error::new("XX000", "the plan has no such column"))?;
        let (name, target) = (field.name.clone(), Some(target));
        Ok(self.add(Attribute { name, target, source: Some(column), not_null: false }))
    }

    fn add(&mut self, attribute: Attribute) -> usize {
        self.attributes.push(attribute);
        self.attributes.len() - 1
    }
}
