//! Status boards: making, changing and deleting them, and the links that open them.

use gantry_model::board::Board;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A board as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BoardSummary {
    pub name: String,
    pub title: String,
    pub tiles: u32,
    /// Links that open it now.
    pub links: u32,
}

/// A board with its links, and what it could show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardDetail {
    pub board: Board,
    pub links: Vec<LinkSummary>,
    pub choices: Vec<ClusterChoice>,
}

/// A link as the list shows it; its key is nowhere any more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkSummary {
    pub id: String,
    pub label: String,
    pub made_by: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// A cluster that tiles can be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterChoice {
    pub cluster: String,
    pub services: Vec<String>,
}

/// All boards, by name.
#[server(prefix = "/ui/api", endpoint = "list-boards")]
pub async fn list_boards() -> Result<Vec<BoardSummary>, ApiError> {
    read::signed_in()?;
    let boards = read::boards()?;
    let mut summaries = Vec::new();
    for board in boards.list().await.map_err(read::failed)? {
        let links = boards.links(&board.name).await.map_err(read::failed)?.len();
        summaries.push(BoardSummary {
            name: board.name.to_string(),
            title: board.title,
            tiles: u32::try_from(board.tiles.len()).unwrap_or(u32::MAX),
            links: u32::try_from(links).unwrap_or(u32::MAX),
        });
    }
    Ok(summaries)
}

/// One board.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-board")]
pub async fn describe_board(board: String) -> Result<BoardDetail, ApiError> {
    read::signed_in()?;
    let found = read::board(&board).await?;
    let links = read::boards()?.links(&found.name).await.map_err(read::failed)?;
    let links = links.into_iter().map(read::link).collect();
    Ok(BoardDetail { board: found, links, choices: read::choices().await? })
}

/// What a new board could show.
#[server(prefix = "/ui/api", endpoint = "board-choices")]
pub async fn board_choices() -> Result<Vec<ClusterChoice>, ApiError> {
    read::choices().await
}

/// Makes a board and goes to it.
///
/// # Errors
/// `AlreadyExists` when there is one of that name; `InvalidParameterException` with the field that is wrong.
#[server(prefix = "/ui/api", endpoint = "create-board")]
pub async fn create_board(name: String, title: String, #[server(default)] tiles: Vec<String>) -> Result<(), ApiError> {
    read::may_change()?;
    let boards = read::boards()?;
    let board = read::checked(&name, &title, &tiles, boards.now())?;
    let address = format!("/boards/{}", board.name);
    if !boards.create(board).await.map_err(read::failed)? {
        return Err(ApiError::refused("AlreadyExists", format!("There is a board {} already", name.trim())));
    }
    leptos_axum::redirect(&address);
    Ok(())
}

/// Changes what a board shows. Its links stay.
///
/// # Errors
/// `NotFound` when there is none of that name; `InvalidParameterException` with the field that is wrong.
#[server(prefix = "/ui/api", endpoint = "change-board")]
pub async fn change_board(board: String, title: String, #[server(default)] tiles: Vec<String>) -> Result<(), ApiError> {
    read::may_change()?;
    let before = read::board(&board).await?;
    let changed = read::checked(&board, &title, &tiles, before.created_at)?;
    match read::boards()?.change(changed).await.map_err(read::failed)? {
        true => Ok(()),
        false => Err(ApiError::missing("board", &board)),
    }
}

/// Deletes a board and goes to the list. Its links open nothing from then on.
#[server(prefix = "/ui/api", endpoint = "delete-board")]
pub async fn delete_board(board: String) -> Result<(), ApiError> {
    read::may_change()?;
    let found = read::board(&board).await?;
    read::boards()?.delete(found.name).await.map_err(read::failed)?;
    leptos_axum::redirect("/boards");
    Ok(())
}

/// Makes a link that opens the board for `days` days, and goes to the page that tells it: it is told once.
///
/// # Errors
/// `InvalidParameterException` when it would open the board for less than a day or longer than a year.
#[server(prefix = "/ui/api", endpoint = "create-board-link")]
pub async fn create_board_link(board: String, label: String, days: i64) -> Result<(), ApiError> {
    read::may_change()?;
    if !(1..=read::LONGEST_LINK_DAYS).contains(&days) {
        return Err(read::invalid(format!("days must be 1 to {}", read::LONGEST_LINK_DAYS)));
    }
    let label = read::short("label", &label)?;
    let found = read::board(&board).await?;
    let boards = read::boards()?;
    let address = format!("/boards/{}", found.name);
    let expires_at = boards.now().plus_seconds(days * 24 * 60 * 60);
    let link =
        crate::server::NewBoardLink { board: found.name, label, principal: crate::sdk::principal()?, expires_at };
    let key = boards.make_link(link).await.map_err(read::failed)?;
    leptos_axum::redirect(&format!("{address}?key={key}"));
    Ok(())
}

/// Revokes a link: it opens nothing from then on.
///
/// # Errors
/// `NotFound` when the board has no such link.
#[server(prefix = "/ui/api", endpoint = "revoke-board-link")]
pub async fn revoke_board_link(board: String, link: String) -> Result<(), ApiError> {
    read::may_change()?;
    let found = read::board(&board).await?;
    match read::boards()?.revoke_link(found.name, link.clone()).await.map_err(read::failed)? {
        true => Ok(()),
        false => Err(ApiError::missing("link", &link)),
    }
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use std::sync::Arc;

    use gantry_model::board::{Board, BoardLink, LONGEST_TITLE, MOST_TILES, Tile};
    use gantry_model::principal::PrincipalKind;
    use gantry_model::{BoardName, UnixMillis};

    use super::{ClusterChoice, LinkSummary};
    use crate::error::ApiError;
    use crate::format::last_part;
    use crate::server::Boards;

    pub(super) const LONGEST_LINK_DAYS: i64 = 366;

    pub(crate) fn boards() -> Result<Arc<dyn Boards>, ApiError> {
        Ok(crate::sdk::web_context()?.boards)
    }

    pub(super) fn signed_in() -> Result<(), ApiError> {
        crate::sdk::principal().map(|_| ())
    }

    /// Boards show what their maker may see to people whom nobody knows; that is not for everybody to decide.
    pub(super) fn may_change() -> Result<(), ApiError> {
        let principal = crate::sdk::principal()?;
        match principal.kind {
            PrincipalKind::Admin => Ok(()),
            PrincipalKind::Agent | PrincipalKind::Proxy => {
                let message = format!("{} is not authorized to change status boards", principal.arn);
                Err(ApiError::refused("AccessDeniedException", message))
            }
        }
    }

    pub(crate) async fn board(name: &str) -> Result<Board, ApiError> {
        let missing = || ApiError::missing("board", name);
        let parsed = BoardName::parse(name).map_err(|_| missing())?;
        boards()?.get(&parsed).await.map_err(failed)?.ok_or_else(missing)
    }

    pub(super) fn link(link: BoardLink) -> LinkSummary {
        LinkSummary {
            id: link.id,
            label: link.label,
            made_by: last_part(&link.principal.arn).to_owned(),
            created_at: link.created_at.0,
            expires_at: link.expires_at.0,
        }
    }

    /// The clusters with their services.
    pub(super) async fn choices() -> Result<Vec<ClusterChoice>, ApiError> {
        let ecs = crate::sdk::ecs()?;
        let mut choices = Vec::new();
        for cluster in crate::api::clusters::list_clusters().await? {
            let arns = crate::api::service_list::read::arns(&ecs, &cluster.name).await?;
            let mut services: Vec<String> = arns.iter().map(|arn| last_part(arn).to_owned()).collect();
            services.sort();
            choices.push(ClusterChoice { cluster: cluster.name, services });
        }
        Ok(choices)
    }

    /// A board of what a form gave.
    pub(super) fn checked(
        name: &str,
        title: &str,
        tiles: &[String],
        created_at: UnixMillis,
    ) -> Result<Board, ApiError> {
        let name = BoardName::parse(name.trim()).map_err(|error| invalid(error.to_string()))?;
        let title = short("title", title)?;
        if tiles.is_empty() {
            return Err(invalid("tiles must name at least one thing to show"));
        }
        if tiles.len() > MOST_TILES {
            return Err(invalid(format!("tiles must name at most {MOST_TILES} things to show")));
        }
        let tiles = tiles.iter().map(|tile| tile.parse::<Tile>()).collect::<Result<_, _>>();
        Ok(Board { name, title, tiles: tiles.map_err(|error| invalid(error.to_string()))?, created_at })
    }

    pub(super) fn short(field: &str, text: &str) -> Result<String, ApiError> {
        let text = text.trim();
        if text.chars().count() > LONGEST_TITLE || text.contains(char::is_control) {
            return Err(invalid(format!("{field} must be at most {LONGEST_TITLE} characters on one line")));
        }
        Ok(text.to_owned())
    }

    pub(super) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::refused("InvalidParameterException", message)
    }

    /// What the store said is for the log.
    #[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
    pub(crate) fn failed(error: String) -> ApiError {
        tracing::error!(error, "a status board could not be read or written");
        ApiError::NoAnswer { message: "The boards could not be read or written; the server's log says why".to_owned() }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_a_board_may_be_is_said_by_the_field_that_is_wrong() {
            let tiles = |n: usize| vec!["services:prod".to_owned(); n];
            let long = "x".repeat(121);
            for (name, title, tiles, said) in [
                ("a b", "", tiles(1), "board name must be"),
                ("wall", long.as_str(), tiles(1), "title must be"),
                ("wall", "two\nlines", tiles(1), "title must be"),
                ("wall", "", tiles(0), "tiles must name at least one"),
                ("wall", "", tiles(201), "tiles must name at most 200"),
                ("wall", "", vec!["logs:prod".to_owned()], "tile must be"),
            ] {
                let error = checked(name, title, &tiles, UnixMillis(0)).unwrap_err();
                assert!(error.to_string().starts_with(said), "{error}");
            }
            let board = checked(" wall ", " Production ", &tiles(2), UnixMillis(7)).unwrap();
            assert_eq!((board.name.as_str(), board.title.as_str(), board.tiles.len()), ("wall", "Production", 2));
        }
    }
}
