//! Golden cases through the real program: one folder each under `tests/golden/`, with its inputs in `case.in/`.
//!
//! `TRYCMD=overwrite cargo test --test golden` rewrites what is expected; read the diff before committing it.

#[test]
fn golden() {
    let cases = trycmd::TestCases::new();
    // A clean environment: nothing of the user's may reach the program.
    for variable in ["AWS_REGION", "AWS_PROFILE", "GPUCOST_OUTPUT", "GPUCOST_CONFIG"] {
        cases.env(variable, "");
    }
    cases.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent").env("XDG_DATA_HOME", "/nonexistent");
    cases.env("GPUCOST_LEDGER", "ledger.db").env("COLUMNS", "80");
    cases.default_bin_name("gpucost").case("tests/golden/*/case.trycmd");
}
