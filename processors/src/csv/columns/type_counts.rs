//! Counts what the cells of a column are and decides from it how the column is read. The counts are exact
//! over the whole file, so the decision does not depend on where the file was cut.

use crate::csv::columns::header_names::Measure;
use crate::csv::columns::locale_inference::Evidence;
use crate::csv::values::kinds::{Kinds, Mark, Reading};

/// The share of the cells of a measure that must fit; then rows with other cells are rejected.
const MEASURE_SHARE: f64 = 0.9;

/// How many cells fit which kinds.
#[derive(Clone, Debug, Default)]
pub struct Census {
    counts: Vec<(Kinds, u64)>,
    /// Equal cells follow each other often; they are counted here first.
    last: Kinds,
    run: u64,
}

/// What is known of a column beside its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// What it measures, by its name.
    pub measure: Option<Measure>,
    /// Whether its name is that of an identifier.
    pub is_identifier: bool,
    /// Whether the comma separates the fields, so that a comma in a number more likely separates thousands.
    pub comma_separates: bool,
}

impl Census {
    /// Counts a cell that is not null.
    pub fn add(&mut self, kinds: Kinds) {
        if kinds != self.last {
            self.flush();
            self.last = kinds;
        }
        self.run += 1;
    }

    fn flush(&mut self) {
        self.add_many(self.last, self.run);
        self.run = 0;
    }

    /// How many cells were counted.
    pub fn total(&self) -> u64 {
        self.run + self.counts.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Adds the counts of other cells of the same column.
    pub fn merge(&mut self, other: &Self) {
        let Self { counts, last, run } = other;
        for (kinds, count) in counts.iter().chain([&(*last, *run)]) {
            self.add_many(*kinds, *count);
        }
    }

    fn add_many(&mut self, kinds: Kinds, count: u64) {
        match self.counts.iter_mut().find(|(other, _)| *other == kinds) {
            Some((_, total)) => *total += count,
            None if count > 0 => self.counts.push((kinds, count)),
            None => {}
        }
    }

    /// How many of the cells fit a kind.
    pub fn fitting(&self, kind: Kinds) -> u64 {
        let run = if self.last.fits(kind) { self.run } else { 0 };
        run + self.counts.iter().filter(|(kinds, _)| kinds.fits(kind)).map(|(_, count)| count).sum::<u64>()
    }

    /// How the column is read: the first reading that all cells fit. A measure may also be read in the way that
    /// most of its cells fit; whatever else holds a surprise is text.
    pub fn decide(&self, traits: Traits, evidence: Evidence) -> Reading {
        let total = self.total();
        if total == 0 {
            return Reading::Text;
        }
        let readings = self.readings(traits, evidence);
        let all = readings.iter().find(|reading| self.fitting(reading.kind()) == total);
        all.copied().or_else(|| self.of_measure(traits.measure?, &readings)).unwrap_or(Reading::Text)
    }

    fn of_measure(&self, measure: Measure, readings: &[Reading]) -> Option<Reading> {
        let suits = |reading: &&Reading| match measure {
            Measure::Number => matches!(reading, Reading::Integer | Reading::Decimal(_)),
            Measure::Time => {
                matches!(reading, Reading::Date(_) | Reading::Timestamp(_) | Reading::CompactDate | Reading::Epoch)
            }
        };
        let most = readings.iter().filter(suits).map(|reading| self.fitting(reading.kind())).max()?;
        let best = readings.iter().filter(suits).find(|reading| self.fitting(reading.kind()) == most)?;
        (most as f64 >= MEASURE_SHARE * self.total() as f64).then_some(*best)
    }

    /// All readings but text, the preferred ones first.
    fn readings(&self, traits: Traits, evidence: Evidence) -> Vec<Reading> {
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
        let comma_first = !traits.comma_separates && self.fitting(Kinds::GROUPED) > 0;
        let marks = if comma_first { [Mark::Comma, Mark::Dot] } else { [Mark::Dot, Mark::Comma] };
        readings.extend(evidence.marks(marks).map(Reading::Decimal));
        readings.extend(evidence.orders().map(Reading::Date));
        readings.extend(evidence.orders().map(Reading::Timestamp));
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::values::kinds::{Order, kinds};

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

    #[test]
    fn counts_add_up() {
        let mut all = Census::default();
        for cells in ["1 2", "3.5", "x"] {
            let mut census = Census::default();
            cells.split(' ').for_each(|cell| census.add(kinds(cell.as_bytes())));
            all.merge(&census);
        }
        assert_eq!((all.total(), all.fitting(Kinds::DOT)), (4, 3));
    }

    fn decide(cells: &str, traits: Traits) -> Reading {
        let mut census = Census::default();
        for cell in cells.split_whitespace() {
            census.add(kinds(cell.as_bytes()));
        }
        census.decide(traits, Evidence::default())
    }
}
