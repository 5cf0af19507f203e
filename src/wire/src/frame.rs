//! Frames of the ECS agent's websockets: `{"type": "…Message", "message": {…}}`, both ways.
//!
//! [`frames!`] declares the messages of one socket. A type that is not among them survives as `Unknown`, so that an
//! agent and a server of different ages understand each other as far as they can.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A frame that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame is not {{\"type\": …, \"message\": …}}")]
    Envelope(#[source] serde_json::Error),
    #[error("the message of a {kind} frame is not what its type says")]
    Message {
        kind: String,
        #[source]
        source: serde_json::Error,
    },
}

/// What every frame looks like.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) message: Value,
}

/// A refusal or failure of the other side; its type is the error's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The code, such as `InactiveInstanceException`.
    pub code: String,
    pub message: String,
}

impl Envelope {
    /// The exception that this frame is, when its type is an exception's.
    pub(crate) fn exception(&self) -> Option<Exception> {
        let message = || self.message.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.kind.ends_with("Exception").then(|| Exception { code: self.kind.clone(), message: message() })
    }
}

/// Declares the enum of a socket's messages. Each variant is named after its frame's type and holds the struct of the
/// same name.
macro_rules! frames {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $kind:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $($(#[$variant_doc])* $kind($kind),)+
            /// A refusal or failure; its type ends in `Exception`.
            Exception($crate::frame::Exception),
            /// A type that this version does not know, as it came.
            Unknown { kind: String, message: serde_json::Value },
        }

        $(impl From<$kind> for $name {
            fn from(message: $kind) -> Self {
                Self::$kind(message)
            }
        })+

        impl $name {
            /// The frame's type.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)+
                    Self::Exception(exception) => &exception.code,
                    Self::Unknown { kind, .. } => kind,
                }
            }

            /// Reads a frame.
            ///
            /// # Errors
            /// When it is not a frame, or its message is not what its type says.
            pub fn decode(text: &str) -> Result<Self, $crate::frame::FrameError> {
                use $crate::frame::{Envelope, FrameError};
                let envelope: Envelope = serde_json::from_str(text).map_err(FrameError::Envelope)?;
                if let Some(exception) = envelope.exception() {
                    return Ok(Self::Exception(exception));
                }
                let Envelope { kind, message } = envelope;
                let read = match kind.as_str() {
                    $(stringify!($kind) => serde_json::from_value(message).map(Self::$kind),)+
                    _ => return Ok(Self::Unknown { kind, message }),
                };
                read.map_err(|source| FrameError::Message { kind, source })
            }

            /// Writes a frame.
            ///
            /// # Errors
            /// When the message has no JSON form.
            pub fn encode(&self) -> Result<String, $crate::frame::FrameError> {
                use $crate::frame::{Envelope, FrameError};
                let message = match self {
                    $(Self::$kind(message) => serde_json::to_value(message),)+
                    Self::Exception(exception) => Ok(serde_json::json!({ "message": exception.message })),
                    Self::Unknown { message, .. } => Ok(message.clone()),
                };
                message
                    .and_then(|message| serde_json::to_string(&Envelope { kind: self.kind().to_owned(), message }))
                    .map_err(|source| FrameError::Message { kind: self.kind().to_owned(), source })
            }
        }
    };
}

pub(crate) use frames;
