//! The cryptography behind TLS.

/// Makes ring's the process's, for clients that take what the process has (`reqwest`). To be called before one is made; it
/// costs nothing the second time.
pub fn install_provider() {
    // Refused when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
