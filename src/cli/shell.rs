//! What a shell needs: completions, the manual page, and the first steps of someone who typed `gpucost`.

use clap::CommandFactory;

use super::args::Cli;
use super::error::{Exit, Failure};
use super::show;

/// What `gpucost` alone prints.
pub fn first_steps() -> String {
    format!(
        "{}\nAll commands and options: gpucost --help",
        Cli::command().get_after_help().map_or(String::new(), |text| {
            format!("gpucost: what your AWS GPUs cost, what they waste, and if owning is cheaper.\n\n{text}\n")
        })
    )
}

pub fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gpucost", &mut bytes);
    show::text(&String::from_utf8_lossy(&bytes))
}

pub fn man() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let fail = |error| Failure::new(format!("cannot write the manual page: {error}"));
    clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(fail)?;
    for command in Cli::command().get_subcommands() {
        page.extend_from_slice(format!("\n.SH \"GPUCOST {}\"\n", command.get_name().to_uppercase()).as_bytes());
        let section = clap_mangen::Man::new(command.clone());
        section.render_description_section(&mut page).map_err(fail)?;
        section.render_options_section(&mut page).map_err(fail)?;
    }
    show::text(&String::from_utf8_lossy(&page))
}
