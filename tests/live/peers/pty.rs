//! A terminal that answers a question.

use std::process::Command;

use crate::program::Lab;

/// Runs argv on a pseudo-terminal; types an answer once the question is there; all that is shown is its output.
const SCRIPT: &str = "
import os, pty, sys
question, answer, command = sys.argv[1], sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
shown, answered = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    # The question stands at the end of what is shown, without a line's end.
    last = shown.rpartition(b'\\n')[2]
    if not answered and question.encode() in last and last.endswith(b': '):
        os.write(terminal, answer.encode() + b'\\n')
        answered = True
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
";

/// gpucost on a terminal, where this is typed after a question with these words.
pub fn on_a_terminal(lab: &Lab, question: &str, typed: &str, args: &[&str]) -> Command {
    let mut command = lab.clean("python3");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("NO_COLOR", "1").env("LANG", "C.UTF-8");
    command.args(["-c", SCRIPT, question, typed, env!("CARGO_BIN_EXE_gpucost")]).args(args);
    command
}
