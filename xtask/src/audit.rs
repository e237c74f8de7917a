//! Whether what others wrote may be used: licences, sources, known vulnerabilities.
//!
//! Lists of vulnerabilities are asked for over the network. Where nobody answers, that is told and counted as neither
//! passed nor failed.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::page;
use crate::process::{cargo, command};
use crate::tools;

/// What came of a check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passed.
    Passed,
    /// Nobody could say.
    Unknown(String),
}

/// Licences and sources of the crates, by `deny.toml`.
pub(crate) fn licences(root: &Path) -> Result<Verdict> {
    tools::cargo_deny(root)?;
    let output = run(cargo(root).args(["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))?;
    if !output.status.success() {
        bail!("cargo deny refuses:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(Verdict::Passed)
}

/// Known vulnerabilities of the crates.
pub(crate) fn crates(root: &Path) -> Result<Verdict> {
    tools::cargo_deny(root)?;
    let output = run(cargo(root).args(["deny", "--log-level", "error", "check", "advisories"]))?;
    judge_crates(output.status.success(), &String::from_utf8_lossy(&output.stderr))
}

fn judge_crates(succeeded: bool, report: &str) -> Result<Verdict> {
    if succeeded {
        return Ok(Verdict::Passed);
    }
    // Findings are `error[vulnerability]: ...`; without any, the list itself is missing.
    if report.contains("error[") {
        bail!("cargo deny refuses:\n{report}");
    }
    Ok(Verdict::Unknown(report.lines().find(|line| !line.is_empty()).unwrap_or("no reason given").to_owned()))
}

/// Known vulnerabilities of the page's packages, from high on.
pub(crate) fn packages(root: &Path) -> Result<Verdict> {
    let output = run(command(&page::folder(root), "npm").args(["audit", "--json"]))?;
    judge_packages(&String::from_utf8_lossy(&output.stdout))
}

fn judge_packages(report: &str) -> Result<Verdict> {
    let report: Value = serde_json::from_str(report).with_context(|| format!("npm audit answered `{report}`"))?;
    let counts = &report["metadata"]["vulnerabilities"];
    let (Some(high), Some(critical)) = (counts["high"].as_u64(), counts["critical"].as_u64()) else {
        return Ok(Verdict::Unknown(report["message"].as_str().unwrap_or("no reason given").to_owned()));
    };
    if high + critical > 0 {
        bail!("npm audit knows of {high} high and {critical} critical vulnerabilities; `npm audit` in www lists them");
    }
    Ok(Verdict::Passed)
}

fn run(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("{command:?} could not be started"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npm(report: &str) -> Option<Verdict> {
        judge_packages(report).ok()
    }

    #[test]
    fn a_vulnerable_package_fails_and_a_silent_registry_is_told() {
        let report =
            |high: u32| format!(r#"{{ "metadata": {{ "vulnerabilities": {{ "high": {high}, "critical": 0 }} }} }}"#);
        assert_eq!(npm(&report(0)), Some(Verdict::Passed));
        assert_eq!(npm(&report(1)), None);
        assert_eq!(npm(r#"{ "message": "405" }"#), Some(Verdict::Unknown("405".to_owned())));
        assert_eq!(npm("gateway timeout"), None);
    }

    #[test]
    fn a_vulnerable_crate_fails_and_a_missing_list_is_told() {
        assert_eq!(judge_crates(true, "").ok(), Some(Verdict::Passed));
        assert!(judge_crates(false, "error[vulnerability]: a hole").is_err());
        let missing = "2026-01-01 [ERROR] failed to fetch advisory database";
        assert_eq!(judge_crates(false, missing).ok(), Some(Verdict::Unknown(missing.to_owned())));
    }
}
