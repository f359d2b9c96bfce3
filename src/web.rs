//! How gpucost speaks to web servers: by the certificates that the system trusts, under its own name, every status an
//! answer. Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …).

use std::sync::Arc;

use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// What all clients have in common; each adds its patience.
pub fn client() -> ConfigBuilder<AgentScope> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .user_agent(concat!("gpucost/", env!("CARGO_PKG_VERSION")))
}

/// A client that carries a secret: what is in the address, or in a header, goes nowhere else.
pub fn client_with_secret() -> ConfigBuilder<AgentScope> {
    client().max_redirects(0).max_redirects_will_error(false)
}
