//! What an index of vectors takes: memory to build it, room on disk, time.

use super::{
    column::{Column, Contents},
    design::{Design, Method},
    metric::{Element, Metric},
};

/// What pgvector needs besides the graph, and takes off where processes share it.
const SLACK: u64 = 4 << 20;

/// A page, without what it keeps for itself and for pgvector.
const PAGE: u64 = 8_192;
const ROOM: u64 = PAGE - 24 - 8;

/// How large an index is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Vectors.
    pub rows: u64,
    /// What lies in it.
    pub element: Element,
    /// Dimensions; of sparse vectors those that are not zero.
    pub dimensions: u32,
}

impl Size {
    /// Of an index of what a column holds.
    pub fn of(column: &Column, contents: &Contents, metric: Metric, design: &Design) -> Self {
        let dimensions = column.dimensions.or(contents.dimensions()).unwrap_or(0);
        Self {
            rows: contents.eligible(metric),
            element: design.stored(column.element),
            dimensions: contents.stored_dimensions(column.element, dimensions),
        }
    }

    fn bytes(&self) -> u64 {
        self.element.bytes(self.dimensions)
    }

    /// What its build needs to stay in memory.
    pub fn memory(&self, design: &Design) -> u64 {
        let kept = match design.method {
            Method::Hnsw { m, .. } => self.rows * (self.bytes() + 200 + 32 * u64::from(m)),
            // Samples, centres, and what k-means keeps of both.
            Method::Ivfflat { lists, .. } => {
                let lists = u64::from(lists);
                let samples = (50 * lists).max(10_000).min(self.rows.max(1));
                (samples + 4 * lists) * self.bytes() + samples * lists * 4
            }
        };
        kept + kept / 20 + SLACK
    }

    /// What it takes on disk. Tuples lie on pages whole.
    pub fn disk(&self, design: &Design) -> u64 {
        let per_row = match design.method {
            Method::Hnsw { m, .. } => self.graph_tuples(u64::from(m)),
            Method::Ivfflat { .. } => per_page(aligned(8 + self.bytes()) + 4),
        };
        (per_row * self.rows as f64) as u64 + 2 * PAGE
    }

    /// An element and its neighbours share a page where they can.
    fn graph_tuples(&self, m: u64) -> f64 {
        let element = aligned(72 + self.bytes()) + 4;
        let neighbours = aligned(8 + 12 * m) + 4;
        match element + neighbours <= ROOM {
            true => per_page(element + neighbours),
            false => per_page(element) + per_page(neighbours),
        }
    }

    /// How long a build takes that stays in memory, in seconds, with so many processes at work.
    ///
    /// The rate of one process was measured with pgvector 0.8 on the machine that migrator was
    /// made on: others are faster or slower, by a factor of two as a rule.
    pub fn seconds(&self, design: &Design, processes: u32) -> f64 {
        let (rows, bytes) = (self.rows as f64, self.bytes() as f64);
        let micros = match design.method {
            Method::Hnsw { m, ef_construction, .. } => {
                let (m, ef) = (f64::from(m) / 16.0, f64::from(ef_construction) / 64.0);
                rows * rows.max(2.0).log2() * (8.0 + 0.015 * bytes) * ef * (0.5 + 0.5 * m)
            }
            Method::Ivfflat { lists, .. } => rows * f64::from(lists) * (0.02 + 0.0001 * bytes),
        };
        micros / 1e6 / (1.0 + 0.8 * f64::from(processes.saturating_sub(1)))
    }
}

fn aligned(bytes: u64) -> u64 {
    bytes.next_multiple_of(8)
}

fn per_page(bytes: u64) -> f64 {
    PAGE as f64 / (ROOM / bytes).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::vector::design::Form;

    fn graph(m: u32) -> Design {
        let method = Method::Hnsw { m, ef_construction: 64, ef_search: 40 };
        Design { form: Form::Column, method }
    }

    fn vectors(rows: u64, dimensions: u32) -> Size {
        Size { rows, element: Element::Vector, dimensions }
    }

    #[test]
    fn memory_is_as_measured() {
        // Measured: 1227, 3791 and 6879 bytes a row with m = 16, 4303 with m = 32.
        for (dimensions, m, measured) in
            [(128, 16, 1_227), (768, 16, 3_791), (1_536, 16, 6_879), (768, 32, 4_303)]
        {
            let per_row = (vectors(1_000_000, dimensions).memory(&graph(m)) - SLACK) / 1_000_000;
            assert!((measured..measured * 11 / 10).contains(&per_row), "{dimensions} {per_row}");
        }
    }

    #[test]
    fn an_index_is_as_large_as_measured() {
        // Measured: 8193, 4096 and 832 bytes a row.
        for (dimensions, measured) in [(1_536, 8_193.0), (768, 4_096.0), (128, 832.0)] {
            let per_row = vectors(100_000, dimensions).disk(&graph(16)) as f64 / 100_000.0;
            assert!((per_row / measured - 1.0).abs() < 0.03, "{dimensions}: {per_row}");
        }
    }

    #[test]
    fn time_is_near_what_was_measured() {
        for (rows, dimensions, measured) in
            [(60_000, 128, 21.0), (20_000, 768, 14.4), (10_000, 1_536, 16.6)]
        {
            let seconds = vectors(rows, dimensions).seconds(&graph(16), 1);
            assert!((0.5..2.0).contains(&(seconds / measured)), "{dimensions}: {seconds}");
        }
        assert!(vectors(1, 3).seconds(&graph(16), 3) >= 0.0);
        assert_eq!(vectors(0, 3).seconds(&graph(16), 1), 0.0);
    }
}
