//! Status boards: read-only screens of what a team wants others to see, opened by a link without signing in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{BoardName, ClusterName, InvalidName, ServiceName};
use crate::principal::Principal;
use crate::time::UnixMillis;

/// The most tiles that a board is made of.
pub const MOST_TILES: usize = 200;

/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 120;

/// A board: it shows what its tiles name and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    pub name: BoardName,
    /// What stands on the screen; the name when it is empty.
    pub title: String,
    pub tiles: Vec<Tile>,
    pub created_at: UnixMillis,
}

/// One thing that a board shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Tile {
    /// One service of a cluster.
    Service(ClusterName, ServiceName),
    /// Every service of a cluster, those that come later among them.
    Services(ClusterName),
    /// How full the hosts of a cluster are, zone by zone.
    Capacity(ClusterName),
    /// The deployments that run in a cluster.
    Deployments(ClusterName),
    /// Why tasks of a cluster's services failed of late.
    Failures(ClusterName),
}

impl Tile {
    /// The cluster that the tile looks at.
    #[must_use]
    pub fn cluster(&self) -> &ClusterName {
        match self {
            Self::Service(cluster, _)
            | Self::Services(cluster)
            | Self::Capacity(cluster)
            | Self::Deployments(cluster)
            | Self::Failures(cluster) => cluster,
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(cluster, service) => write!(f, "service:{cluster}/{service}"),
            Self::Services(cluster) => write!(f, "services:{cluster}"),
            Self::Capacity(cluster) => write!(f, "capacity:{cluster}"),
            Self::Deployments(cluster) => write!(f, "deployments:{cluster}"),
            Self::Failures(cluster) => write!(f, "failures:{cluster}"),
        }
    }
}

impl FromStr for Tile {
    type Err = InvalidName;

    /// Reads `service:CLUSTER/SERVICE`, or `services:`, `capacity:`, `deployments:` or `failures:` and a cluster.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const UNKNOWN: InvalidName = InvalidName {
            kind: "tile",
            rule: "be service:CLUSTER/SERVICE, services:CLUSTER, capacity:CLUSTER, deployments:CLUSTER or failures:CLUSTER",
        };
        let (kind, of) = text.split_once(':').ok_or(UNKNOWN)?;
        if kind == "service" {
            let (cluster, service) = of.split_once('/').ok_or(UNKNOWN)?;
            return Ok(Self::Service(cluster.parse()?, service.parse()?));
        }
        let cluster = of.parse()?;
        match kind {
            "services" => Ok(Self::Services(cluster)),
            "capacity" => Ok(Self::Capacity(cluster)),
            "deployments" => Ok(Self::Deployments(cluster)),
            "failures" => Ok(Self::Failures(cluster)),
            _ => Err(UNKNOWN),
        }
    }
}

impl TryFrom<String> for Tile {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<Tile> for String {
    fn from(tile: Tile) -> Self {
        tile.to_string()
    }
}

/// A link that opens a board without signing in, until it expires or is revoked. The key in it is told once, when the
/// link is made; what is kept is its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardLink {
    pub id: String,
    pub board: BoardName,
    /// For whom or where it is.
    pub label: String,
    /// Who made it; the board is read in that person's name.
    pub principal: Principal,
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_reads_back_as_it_was_written() {
        for text in ["service:prod/web", "services:prod", "capacity:prod", "deployments:prod", "failures:prod"] {
            assert_eq!(text.parse::<Tile>().map(|tile| tile.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_tile_is_refused() {
        for text in ["", "service", "service:prod", "service:prod/", "services:a b", "logs:prod", "services:prod/web"] {
            assert!(text.parse::<Tile>().is_err(), "{text}");
        }
    }
}
