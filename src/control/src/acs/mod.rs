//! The server side of the agent protocol.
