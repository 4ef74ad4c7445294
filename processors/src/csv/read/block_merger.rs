//! Puts the results of blocks together in the order of the file.

use anyhow::Result;

use crate::csv::bytes::encoding::Damage;
use crate::csv::columns::conclusions::{Conclusions, conclusions};
use crate::csv::columns::locale_inference::InferredLocale;
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::statistics::Statistics;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::read::block_reader::ParsedBlock;
use crate::csv::read::rejects::Rejects;
use domain::csv_dialect::DialectChoice;

/// Bytes of lines in another encoding that are kept.
const FOREIGN_BYTES: usize = 64 << 10;

/// What the blocks so far have told.
pub(crate) struct BlockMerger {
    /// Rows that were read.
    pub(crate) row_count: u64,
    /// Lines that were rejected.
    pub(crate) rejected_row_count: u64,
    /// The first rejected line and why.
    pub(crate) first_reject: Option<String>,
    /// What the columns hold.
    pub(crate) statistics: Statistics,
    /// How well the file is encoded.
    pub(crate) damage: Damage,
    /// Some of the lines that are not.
    pub(crate) foreign: Vec<u8>,
    lines: u64,
    type_counts: Vec<Option<TypeCounts>>,
}

/// How the columns are to be read, now that all their cells are counted.
pub(crate) struct Settled {
    /// The columns.
    pub(crate) plan: Vec<ColumnPlan>,
    /// What dates and numbers tell, and what they leave open.
    pub(crate) conclusions: Conclusions,
}

impl BlockMerger {
    /// Nothing yet; the first block begins at this line.
    pub(crate) fn new(columns: usize, first_line: u64) -> Self {
        Self {
            row_count: 0,
            rejected_row_count: 0,
            first_reject: None,
            statistics: Statistics::new(columns),
            damage: Damage::default(),
            foreign: Vec::new(),
            lines: first_line - 1,
            type_counts: Vec::new(),
        }
    }

    /// Takes what the next block tells; gives its rejected lines as rows.
    ///
    /// # Errors
    /// Never, as the columns of rejects have one length.
    pub(crate) fn add(
        &mut self,
        block: ParsedBlock,
        statistics: Statistics,
    ) -> Result<Option<arrow::array::RecordBatch>> {
        let ParsedBlock { rows, rejects, lines, type_counts, damage, foreign } = block;
        self.row_count += rows.num_rows() as u64;
        self.statistics.merge(statistics);
        self.damage = Damage { valid: self.damage.valid + damage.valid, invalid: self.damage.invalid + damage.invalid };
        let room = FOREIGN_BYTES.saturating_sub(self.foreign.len());
        self.foreign.extend_from_slice(&foreign[..foreign.len().min(room)]);
        self.count(type_counts);
        let batch = self.reject(rejects)?;
        self.lines += lines;
        Ok(batch)
    }

    fn count(&mut self, type_counts: Vec<Option<TypeCounts>>) {
        if self.type_counts.is_empty() {
            self.type_counts = type_counts;
            return;
        }
        for (all, more) in self.type_counts.iter_mut().zip(&type_counts) {
            if let (Some(all), Some(more)) = (all, more) {
                all.merge(more);
            }
        }
    }

    fn reject(&mut self, rejects: Rejects) -> Result<Option<arrow::array::RecordBatch>> {
        self.rejected_row_count += rejects.total();
        if self.first_reject.is_none() {
            self.first_reject = rejects.first(self.lines);
        }
        if rejects.total() == 0 { Ok(None) } else { rejects.batch(self.lines).map(Some) }
    }

    /// How the columns that were read by a plan are to be read.
    pub(crate) fn settle(&self, plan: &[ColumnPlan], choice: &DialectChoice) -> Settled {
        let locale = InferredLocale::of(self.type_counts.iter().flatten(), choice);
        let settled = |(plan, counts): (&ColumnPlan, &Option<TypeCounts>)| plan.settled(counts.as_ref(), locale);
        let plan: Vec<ColumnPlan> = plan.iter().zip(&self.type_counts).map(settled).collect();
        let conclusions = conclusions(&plan, &self.type_counts, locale);
        Settled { plan, conclusions }
    }
}
