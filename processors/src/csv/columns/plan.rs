//! How each column of a file is to be read.

use crate::csv::columns::header_names::Measure;
use crate::csv::columns::locale_inference::Evidence;
use crate::csv::columns::traits::Traits;
use crate::csv::columns::type_counts::Census;
use crate::csv::values::kinds::{Kinds, Mark, Reading};

/// The share of the cells of a measure that must fit; then rows with other cells are rejected.
const MEASURE_SHARE: f64 = 0.9;

/// How one column is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPlan {
    /// Its name.
    pub name: String,
    /// What is known of it beside its cells.
    pub traits: Traits,
    /// How its cells are read.
    pub reading: Reading,
    /// Whether text is counted as well, because it may yet turn out to be something else. The sample settles
    /// other text: what no reading fits in part, no reading fits in the whole.
    pub counts_text: bool,
}

impl ColumnPlan {
    /// Whether a cell that does not fit rejects its row; otherwise it makes the column another type.
    pub fn is_strict(&self) -> bool {
        self.traits.measure.is_some()
    }

    /// The plan after the whole column was counted.
    pub fn settled(&self, census: Option<&Census>, evidence: Evidence) -> Self {
        let reading = census.map_or(self.reading, |census| decide(census, self.traits, evidence));
        Self { reading, counts_text: false, ..self.clone() }
    }
}

/// How the column is read: the first reading that all cells fit. A measure may also be read in the way that
/// most of its cells fit; whatever else holds a surprise is text.
pub fn decide(census: &Census, traits: Traits, evidence: Evidence) -> Reading {
    let total = census.total();
    if total == 0 {
        return Reading::Text;
    }
    let candidates = candidates(census, traits, evidence);
    let all = candidates.iter().find(|reading| census.fitting(reading.kind()) == total);
    all.copied().or_else(|| of_measure(census, traits.measure?, &candidates)).unwrap_or(Reading::Text)
}

fn of_measure(census: &Census, measure: Measure, candidates: &[Reading]) -> Option<Reading> {
    let suits = |reading: &&Reading| match measure {
        Measure::Number => matches!(reading, Reading::Integer | Reading::Decimal(_)),
        Measure::Time => {
            matches!(reading, Reading::Date(_) | Reading::Timestamp(_) | Reading::CompactDate | Reading::Epoch)
        }
    };
    let most = candidates.iter().filter(suits).map(|reading| census.fitting(reading.kind())).max()?;
    let best = candidates.iter().filter(suits).find(|reading| census.fitting(reading.kind()) == most)?;
    (most as f64 >= MEASURE_SHARE * census.total() as f64).then_some(*best)
}

/// All readings but text, the preferred ones first.
fn candidates(census: &Census, traits: Traits, evidence: Evidence) -> Vec<Reading> {
    let mut readings = vec![Reading::Boolean];
    if traits.measure != Some(Measure::Number) && !traits.is_identifier {
        readings.push(Reading::CompactDate);
    }
    if traits.measure == Some(Measure::Time) {
        readings.push(Reading::Epoch);
    }
    readings.push(Reading::Integer);
    if traits.is_identifier {
        readings.push(Reading::Identifier);
    }
    let comma_first = !traits.comma_separates && census.fitting(Kinds::GROUPED) > 0;
    let marks = if comma_first { [Mark::Comma, Mark::Dot] } else { [Mark::Dot, Mark::Comma] };
    readings.extend(evidence.marks(marks).map(Reading::Decimal));
    readings.extend(evidence.orders().map(Reading::Date));
    readings.extend(evidence.orders().map(Reading::Timestamp));
    readings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::values::kinds::Order;
    use crate::csv::values::recognise::kinds;

    const PLAIN: Traits = Traits { measure: None, is_identifier: false, comma_separates: true };

    #[test]
    fn every_type_is_found() {
        for (cells, reading) in [
            ("yes no", Reading::Boolean),
            ("1 -2 30", Reading::Integer),
            ("1 2.5", Reading::Decimal(Mark::Dot)),
            ("1 2,5", Reading::Decimal(Mark::Comma)),
            ("2020-01-02 2020-1-3", Reading::Date(Order::YearMonthDay)),
            ("2020-01-02 2020-01-03T10:00", Reading::Timestamp(Order::YearMonthDay)),
            ("1 007", Reading::Text),
            ("1 x", Reading::Text),
            ("1 yes", Reading::Text),
            ("", Reading::Text),
        ] {
            assert_eq!(decide(cells, PLAIN), reading, "{cells}");
        }
    }

    #[test]
    fn one_cell_tells_days_from_months() {
        assert_eq!(decide("01/02/2020 03/04/2020", PLAIN), Reading::Date(Order::DayMonthYear));
        assert_eq!(decide("01/02/2020 03/14/2020", PLAIN), Reading::Date(Order::MonthDayYear));
        assert_eq!(decide("14/02/2020 03/14/2020", PLAIN), Reading::Text);
    }

    #[test]
    fn only_identifiers_lose_their_fraction() {
        assert_eq!(decide("17850.0 12", Traits { is_identifier: true, ..PLAIN }), Reading::Identifier);
        assert_eq!(decide("17850.0 12", PLAIN), Reading::Decimal(Mark::Dot));
    }

    #[test]
    fn the_delimiter_tells_what_a_comma_means() {
        assert_eq!(decide("1,234 5,678", PLAIN), Reading::Decimal(Mark::Dot));
        assert_eq!(decide("1,234 5,678", Traits { comma_separates: false, ..PLAIN }), Reading::Decimal(Mark::Comma));
        assert_eq!(decide("1.234 5.678", Traits { comma_separates: false, ..PLAIN }), Reading::Decimal(Mark::Dot));
    }

    #[test]
    fn a_measure_stays_one_when_nine_in_ten_cells_fit() {
        let quantity = Traits { measure: Some(Measure::Number), ..PLAIN };
        assert_eq!(decide("1 2 3 4 5 6 7 8 9 x", quantity), Reading::Integer);
        assert_eq!(decide("1 2 3 4 5 6 7 8 9.5 x", quantity), Reading::Decimal(Mark::Dot));
        assert_eq!(decide("1 2 3 4 5 6 7 8 y x", quantity), Reading::Text);
        assert_eq!(decide("1 2 3 4 5 6 7 8 9 x", PLAIN), Reading::Text);
    }

    #[test]
    fn what_digits_mean_depends_on_the_name() {
        let time = Traits { measure: Some(Measure::Time), ..PLAIN };
        assert_eq!(decide("20101201 20110102", PLAIN), Reading::CompactDate);
        assert_eq!(decide("20101201 20119999", PLAIN), Reading::Integer);
        assert_eq!(decide("20101201", Traits { is_identifier: true, ..PLAIN }), Reading::Integer);
        assert_eq!(decide("20101201", Traits { measure: Some(Measure::Number), ..PLAIN }), Reading::Integer);
        assert_eq!(decide("1291191960 1291191961", time), Reading::Epoch);
        assert_eq!(decide("1291191960 1291191961", PLAIN), Reading::Integer);
    }

    #[test]
    fn money_is_a_number() {
        assert_eq!(decide("€5 €2,50 7", PLAIN), Reading::Decimal(Mark::Comma));
        assert_eq!(decide("5% 12.5%", PLAIN), Reading::Decimal(Mark::Dot));
    }

    fn decide(cells: &str, traits: Traits) -> Reading {
        let mut census = Census::default();
        for cell in cells.split_whitespace() {
            census.add(kinds(cell.as_bytes()));
        }
        super::decide(&census, traits, Evidence::default())
    }
}
