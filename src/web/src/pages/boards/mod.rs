//! Status boards as their makers see them: the list, one of them with its links, and making one.

pub mod create;
pub mod list;
pub mod page;
mod tiles;

pub use create::CreateBoard;
pub use list::BoardList;
pub use page::BoardPage;
