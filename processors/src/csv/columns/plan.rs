//! How each column of a file is to be read.

use domain::csv_dialect::DecimalMark;

use crate::csv::columns::header_names::Measure;
use crate::csv::columns::locale_inference::InferredLocale;
use crate::csv::columns::traits::Traits;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::values::kinds::{CellFormat, Kinds};

/// The share of the cells of a measure that must fit; then rows with other cells are rejected.
const MEASURE_SHARE: f64 = 0.9;

/// How one column is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnPlan {
    /// Its name.
    pub(crate) name: String,
    /// What is known of it beside its cells.
    pub(crate) traits: Traits,
    /// How its cells are read.
    pub(crate) cell_format: CellFormat,
    /// Whether text is counted as well, because it may yet turn out to be something else. The sample settles
    /// other text: what no format fits in part, no format fits in the whole.
    pub(crate) counts_text: bool,
}

impl ColumnPlan {
    /// Whether a cell that does not fit rejects its row; otherwise it makes the column another type.
    pub(crate) fn is_strict(&self) -> bool {
        self.traits.measure.is_some()
    }

    /// The plan after the whole column was counted.
    pub(crate) fn settled(&self, counts: Option<&TypeCounts>, locale: InferredLocale) -> Self {
        let cell_format = counts.map_or(self.cell_format, |counts| decide(counts, self.traits, locale));
        Self { cell_format, counts_text: false, ..self.clone() }
    }
}

/// How the column is read: the first format that all cells fit. A measure may also be read in the format that
/// most of its cells fit; whatever else holds a surprise is text.
pub(crate) fn decide(counts: &TypeCounts, traits: Traits, locale: InferredLocale) -> CellFormat {
    let total = counts.total();
    if total == 0 {
        return CellFormat::Text;
    }
    let candidates = candidates(counts, traits, locale);
    let all = candidates.iter().find(|cell_format| counts.fitting(cell_format.kind()) == total);
    all.copied().or_else(|| of_measure(counts, traits.measure?, &candidates)).unwrap_or(CellFormat::Text)
}

fn of_measure(counts: &TypeCounts, measure: Measure, candidates: &[CellFormat]) -> Option<CellFormat> {
    let suits = |cell_format: &&CellFormat| match measure {
        Measure::Number => matches!(cell_format, CellFormat::Integer | CellFormat::Decimal(_)),
        Measure::Time => {
            matches!(
                cell_format,
                CellFormat::Date(_) | CellFormat::Timestamp(_) | CellFormat::CompactDate | CellFormat::Epoch
            )
        }
    };
    let most = candidates.iter().filter(suits).map(|cell_format| counts.fitting(cell_format.kind())).max()?;
    let best = candidates.iter().filter(suits).find(|cell_format| counts.fitting(cell_format.kind()) == most)?;
    (most as f64 >= MEASURE_SHARE * counts.total() as f64).then_some(*best)
}

/// All formats but text, the preferred ones first.
fn candidates(counts: &TypeCounts, traits: Traits, locale: InferredLocale) -> Vec<CellFormat> {
    let mut cell_formats = vec![CellFormat::Boolean];
    if traits.measure != Some(Measure::Number) && !traits.is_identifier {
        cell_formats.push(CellFormat::CompactDate);
    }
    if traits.measure == Some(Measure::Time) {
        cell_formats.push(CellFormat::Epoch);
    }
    cell_formats.push(CellFormat::Integer);
    if traits.is_identifier {
        cell_formats.push(CellFormat::Identifier);
    }
    let comma_first = !traits.comma_separates && counts.fitting(Kinds::GROUPED) > 0;
    let marks =
        if comma_first { [DecimalMark::Comma, DecimalMark::Dot] } else { [DecimalMark::Dot, DecimalMark::Comma] };
    cell_formats.extend(locale.marks(marks).map(CellFormat::Decimal));
    cell_formats.extend(locale.orders().map(CellFormat::Date));
    cell_formats.extend(locale.orders().map(CellFormat::Timestamp));
    cell_formats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::values::kinds::DatePartOrder;
    use crate::csv::values::recognise::kinds;

    const PLAIN: Traits = Traits { measure: None, is_identifier: false, comma_separates: true };

    #[test]
    fn every_type_is_found() {
        for (cells, cell_format) in [
            ("yes no", CellFormat::Boolean),
            ("1 -2 30", CellFormat::Integer),
            ("1 2.5", CellFormat::Decimal(DecimalMark::Dot)),
            ("1 2,5", CellFormat::Decimal(DecimalMark::Comma)),
            ("2020-01-02 2020-1-3", CellFormat::Date(DatePartOrder::YearMonthDay)),
            ("2020-01-02 2020-01-03T10:00", CellFormat::Timestamp(DatePartOrder::YearMonthDay)),
            ("1 007", CellFormat::Text),
            ("1 x", CellFormat::Text),
            ("1 yes", CellFormat::Text),
            ("", CellFormat::Text),
        ] {
            assert_eq!(decide(cells, PLAIN), cell_format, "{cells}");
        }
    }

    #[test]
    fn one_cell_tells_days_from_months() {
        assert_eq!(decide("01/02/2020 03/04/2020", PLAIN), CellFormat::Date(DatePartOrder::DayMonthYear));
        assert_eq!(decide("01/02/2020 03/14/2020", PLAIN), CellFormat::Date(DatePartOrder::MonthDayYear));
        assert_eq!(decide("14/02/2020 03/14/2020", PLAIN), CellFormat::Text);
    }

    #[test]
    fn only_identifiers_lose_their_fraction() {
        assert_eq!(decide("17850.0 12", Traits { is_identifier: true, ..PLAIN }), CellFormat::Identifier);
        assert_eq!(decide("17850.0 12", PLAIN), CellFormat::Decimal(DecimalMark::Dot));
    }

    #[test]
    fn the_delimiter_tells_what_a_comma_means() {
        assert_eq!(decide("1,234 5,678", PLAIN), CellFormat::Decimal(DecimalMark::Dot));
        assert_eq!(
            decide("1,234 5,678", Traits { comma_separates: false, ..PLAIN }),
            CellFormat::Decimal(DecimalMark::Comma)
        );
        assert_eq!(
            decide("1.234 5.678", Traits { comma_separates: false, ..PLAIN }),
            CellFormat::Decimal(DecimalMark::Dot)
        );
    }

    #[test]
    fn a_measure_stays_one_when_nine_in_ten_cells_fit() {
        let quantity = Traits { measure: Some(Measure::Number), ..PLAIN };
        assert_eq!(decide("1 2 3 4 5 6 7 8 9 x", quantity), CellFormat::Integer);
        assert_eq!(decide("1 2 3 4 5 6 7 8 9.5 x", quantity), CellFormat::Decimal(DecimalMark::Dot));
        assert_eq!(decide("1 2 3 4 5 6 7 8 y x", quantity), CellFormat::Text);
        assert_eq!(decide("1 2 3 4 5 6 7 8 9 x", PLAIN), CellFormat::Text);
    }

    #[test]
    fn what_digits_mean_depends_on_the_name() {
        let time = Traits { measure: Some(Measure::Time), ..PLAIN };
        assert_eq!(decide("20101201 20110102", PLAIN), CellFormat::CompactDate);
        assert_eq!(decide("20101201 20119999", PLAIN), CellFormat::Integer);
        assert_eq!(decide("20101201", Traits { is_identifier: true, ..PLAIN }), CellFormat::Integer);
        assert_eq!(decide("20101201", Traits { measure: Some(Measure::Number), ..PLAIN }), CellFormat::Integer);
        assert_eq!(decide("1291191960 1291191961", time), CellFormat::Epoch);
        assert_eq!(decide("1291191960 1291191961", PLAIN), CellFormat::Integer);
    }

    #[test]
    fn money_is_a_number() {
        assert_eq!(decide("€5 €2,50 7", PLAIN), CellFormat::Decimal(DecimalMark::Comma));
        assert_eq!(decide("5% 12.5%", PLAIN), CellFormat::Decimal(DecimalMark::Dot));
    }

    fn decide(cells: &str, traits: Traits) -> CellFormat {
        let mut counts = TypeCounts::default();
        for cell in cells.split_whitespace() {
            counts.add(kinds(cell.as_bytes()));
        }
        super::decide(&counts, traits, InferredLocale::default())
    }
}
