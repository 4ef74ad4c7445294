//! Settings from the environment. The only place that reads it.

use figment::Profile;
use figment::value::{Dict, Map, Value};

use super::Settings;

/// The prefix of every variable.
const PREFIX: &str = "DATACORE_";

/// `DATACORE_A_B` gives the setting `a_b`; `DATACORE_A_B_FILE` names a file that holds it.
pub(crate) struct Environment;

impl figment::Provider for Environment {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("environment variable").interpolater(|_, keys| variable(&keys.join("_")))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let known = known_settings();
        let mut dict = Dict::new();
        for (name, value) in std::env::vars() {
            let Some(key) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
            if let Some((_, is_list)) = known.iter().find(|(known, _)| *known == key) {
                dict.insert(key, if *is_list { read_list(&value) } else { read_value(&value) });
            } else if let Some(key) =
                key.strip_suffix("_file").filter(|key| known.iter().any(|(known, _)| known == key))
            {
                let secret = std::fs::read_to_string(&value).map_err(|error| {
                    figment::Error::from(format!("{name} names {value}, which cannot be read: {error}"))
                })?;
                dict.insert(key.to_owned(), secret.trim_end().to_owned().into());
            }
        }
        Ok(Profile::Default.collect(dict))
    }
}

/// The variable of a setting.
pub(crate) fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.to_uppercase())
}

/// A secret that looks like a number stays text because its field asks for text.
fn read_value(value: &str) -> Value {
    match (value.parse::<u64>(), value.parse::<bool>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(choice)) => choice.into(),
        _ => value.into(),
    }
}

fn read_list(value: &str) -> Value {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>().into()
}

/// Every setting, and whether it is a list.
fn known_settings() -> Vec<(String, bool)> {
    use clap::Args;
    let command = Settings::augment_args(clap::Command::new("settings"));
    let setting =
        |argument: &clap::Arg| (argument.get_id().as_str().to_owned(), argument.get_value_delimiter().is_some());
    command.get_arguments().map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_numbers_and_words_are_told_apart_in_the_environment() {
        assert_eq!(read_value("false"), Value::from(false));
        assert_eq!(read_value("12"), Value::from(12_u64));
        assert_eq!(read_value("falsely"), Value::from("falsely"));
    }
}
