//! Whole numbers as JSON Schema means them: `85.0` is one, since some programs know no other numbers.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Number;

/// A number that must be there.
pub fn number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(reader: D) -> Result<T, D::Error> {
    whole(&Number::deserialize(reader)?)
}

/// A number that may be absent or null; needs `default`.
pub fn perhaps<'de, D: Deserializer<'de>, T: TryFrom<u64>>(reader: D) -> Result<Option<T>, D::Error> {
    let number = Option::<Number>::deserialize(reader)?;
    number.as_ref().map(whole).transpose()
}

fn whole<E: Error, T: TryFrom<u64>>(number: &Number) -> Result<T, E> {
    let other = || {
        number
            .as_f64()
            .filter(|number| number.fract() == 0.0)?
            .to_string()
            .parse()
            .ok()
    };
    let whole: u64 = number
        .as_u64()
        .or_else(other)
        .ok_or_else(|| E::invalid_type(Unexpected::Other("another number"), &"a whole number"))?;
    T::try_from(whole).map_err(|_| E::invalid_value(Unexpected::Unsigned(whole), &"a smaller number"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        #[serde(deserialize_with = "number")]
        weight: u16,
        #[serde(default, deserialize_with = "perhaps")]
        quota: Option<u64>,
    }

    fn read(value: serde_json::Value) -> Option<Sample> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn a_number_without_a_fraction_is_whole_however_it_is_written() {
        let same = Sample {
            weight: 85,
            quota: Some(7),
        };
        assert_eq!(read(json!({"weight": 85.0, "quota": 7})), Some(same));
        assert_eq!(
            read(json!({"weight": 1, "quota": null})).map(|read| read.quota),
            Some(None)
        );
    }

    #[test]
    fn fractions_texts_and_what_does_not_fit_are_none() {
        for weight in [
            json!(1.5),
            json!(-1),
            json!(-2.0),
            json!("1"),
            json!(null),
            json!(65_536),
            json!(1e300),
        ] {
            assert_eq!(read(json!({"weight": weight})), None, "{weight}");
        }
    }
}
