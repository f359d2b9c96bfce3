//! One thread reads blocks, others parse them, the caller folds their results in the file's order.

use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::error::Located;
use super::source::{Block, Source};

/// Blocks, and results, that may wait for each worker: enough to keep two cores busy.
const QUEUED: usize = 4;

/// Runs `first` and the blocks that follow through workers and `fold`. Block n goes to worker n mod `threads` and
/// its result is folded n-th: what `fold` sees does not depend on the number of threads. Queues are
/// short, so memory is bounded.
///
/// # Errors
/// The first error of `fold`, or the source's, which comes after everything read before it.
pub(super) fn run<B, E, W>(
    source: &mut Source,
    first: Block,
    threads: usize,
    worker: impl Fn() -> W + Sync,
    mut fold: impl FnMut(B) -> Result<(), E>,
    locate: impl FnOnce(Located) -> E,
) -> Result<(), E>
where
    B: Send,
    W: FnMut(&Block) -> B,
{
    thread::scope(|scope| {
        let worker = &worker;
        let (mut inlets, mut outlets) = (Vec::new(), Vec::new());
        let (done_with, spares) = channel::<Vec<u8>>();
        for _ in 0..threads.max(1) {
            let (inlet, blocks) = sync_channel::<Block>(QUEUED);
            let (results, outlet) = sync_channel::<B>(QUEUED);
            inlets.push(inlet);
            outlets.push(outlet);
            let done_with = done_with.clone();
            scope.spawn(move || {
                let mut work = worker();
                for block in blocks {
                    let result = work(&block);
                    // The reader may be through, and the fold may have stopped early.
                    let _ = done_with.send(block.bytes);
                    if results.send(result).is_err() {
                        break;
                    }
                }
            });
        }
        let reader = scope.spawn(move || {
            let mut next = Some(first);
            for inlet in inlets.iter().cycle() {
                let Some(block) = next else { break };
                if inlet.send(block).is_err() {
                    break;
                }
                next = source.next_block(spares.try_recv().unwrap_or_default())?;
            }
            Ok(())
        });
        let folded = outlets.iter().cycle().map_while(|outlet| outlet.recv().ok()).try_for_each(&mut fold);
        drop(outlets);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        folded?;
        read.map_err(locate)
    })
}
