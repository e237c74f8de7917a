//! The ten families of OpenFWI's velocity maps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A family of velocity maps, named as in OpenFWI (arXiv 2111.02926).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Family {
    /// Flat layers, velocity increasing with depth.
    #[serde(rename = "FlatVel-A")]
    FlatVelA,
    /// Flat layers, velocities independent of each other.
    #[serde(rename = "FlatVel-B")]
    FlatVelB,
    /// Curved layers, velocity increasing with depth.
    #[serde(rename = "CurveVel-A")]
    CurveVelA,
    /// Curved layers, velocities independent of each other.
    #[serde(rename = "CurveVel-B")]
    CurveVelB,
    /// Few flat layers cut by a fault.
    #[serde(rename = "FlatFault-A")]
    FlatFaultA,
    /// Many flat layers cut by several faults.
    #[serde(rename = "FlatFault-B")]
    FlatFaultB,
    /// Few curved layers cut by a fault.
    #[serde(rename = "CurveFault-A")]
    CurveFaultA,
    /// Many curved layers cut by several faults.
    #[serde(rename = "CurveFault-B")]
    CurveFaultB,
    /// A smooth random field on a trend, long correlation length.
    #[serde(rename = "Style-A")]
    StyleA,
    /// A smooth random field on a trend, short correlation length.
    #[serde(rename = "Style-B")]
    StyleB,
}

impl Family {
    /// Every family, in the order that models, manifests and menus use.
    pub const ALL: [Self; 10] = [
        Self::FlatVelA,
        Self::FlatVelB,
        Self::CurveVelA,
        Self::CurveVelB,
        Self::FlatFaultA,
        Self::FlatFaultB,
        Self::CurveFaultA,
        Self::CurveFaultB,
        Self::StyleA,
        Self::StyleB,
    ];

    /// OpenFWI's name of the family.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlatVelA => "FlatVel-A",
            Self::FlatVelB => "FlatVel-B",
            Self::CurveVelA => "CurveVel-A",
            Self::CurveVelB => "CurveVel-B",
            Self::FlatFaultA => "FlatFault-A",
            Self::FlatFaultB => "FlatFault-B",
            Self::CurveFaultA => "CurveFault-A",
            Self::CurveFaultB => "CurveFault-B",
            Self::StyleA => "Style-A",
            Self::StyleB => "Style-B",
        }
    }

    /// Position of the family in [`Family::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A family name that is none of [`Family::ALL`].
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown family `{name}`; the families are {}", Family::ALL.map(Family::name).join(", "))]
pub struct UnknownFamily {
    /// The name that was given.
    pub name: String,
}

impl FromStr for Family {
    type Err = UnknownFamily;

    /// Reads a family's name, ignoring case.
    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        Self::ALL
            .into_iter()
            .find(|family| family.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFamily { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_text_and_json() {
        for family in Family::ALL {
            assert_eq!(family.name().to_lowercase().parse(), Ok(family));
            assert_eq!(serde_json::to_string(&family).unwrap(), format!("\"{family}\""));
            assert_eq!(Family::ALL[family.index()], family);
        }
    }

    #[test]
    fn unknown_family_is_named_with_the_choices() {
        let message = "FlatVel-C".parse::<Family>().unwrap_err().to_string();
        assert!(message.contains("`FlatVel-C`") && message.contains("Style-B"), "{message}");
    }
}
