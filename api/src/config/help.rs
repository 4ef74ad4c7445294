//! What `--help` says of every setting beside what it is: its environment variable and its default.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Arg, Command};
use serde_json::{Map, Value};

use crate::config::environment::variable;
use crate::config::settings::Settings;
use crate::config::{Config, DEFAULT_DATA};

/// Stands for the folder of the data in defaults that are within it.
const DATA: &str = "/data-folder";

/// Completes the help of every setting among the arguments of a command.
///
/// # Errors
/// Never in practice: the defaults work together.
pub(crate) fn complete(command: Command) -> Result<Command> {
    let defaults = defaults()?;
    Ok(command.mut_args(|argument| with_sources(argument, &defaults)))
}

fn with_sources(argument: Arg, defaults: &Map<String, Value>) -> Arg {
    let Some(default) = defaults.get(argument.get_id().as_str()) else { return argument };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let variable = variable(argument.get_id().as_str());
    let default = words(default).map(|default| format!(" [default: {default}]")).unwrap_or_default();
    argument.help(format!("{help} [env: {variable}]{default}"))
}

/// What is in force when nothing is set, by setting. None has a password.
fn defaults() -> Result<Map<String, Value>> {
    let config = Config::with_defaults(Settings { data: Some(PathBuf::from(DATA)), ..Settings::default() })?;
    let mut defaults = serde_json::to_value(config)?.as_object().cloned().context("the configuration has fields")?;
    defaults.insert("data".to_owned(), DEFAULT_DATA.into());
    Ok(defaults)
}

fn words(default: &Value) -> Option<String> {
    match default {
        Value::Null => None,
        Value::String(text) => Some(text.replace(DATA, "<data>")),
        Value::Array(items) => Some(items.iter().filter_map(words).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
    .filter(|words| !words.is_empty())
}
