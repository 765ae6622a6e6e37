//! The broker fails under load, beside one server and two workers: nothing may be lost, and what was sent
//! twice is counted.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};

use super::driver::{self, Entry, Stage};
use super::{LONGEST_LIFE, Options, SHORTEST_LIFE, oracle, recipe, report};
use crate::client::chance::Chance;
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::parts::{self, OwnBroker};
use crate::say::{heading, say};
use crate::test::tally::Tally;

const QUEUE: &str = "usher.faults";
const WORKERS: usize = 2;

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
enum Blow {
    BrokerStopped,
    BrokerKilled,
    QueueDeleted,
    WorkerKilled,
}

impl Blow {
    const ALL: [Self; 4] = [
        Self::BrokerStopped,
        Self::BrokerKilled,
        Self::QueueDeleted,
        Self::WorkerKilled,
    ];

    /// Each in its turn.
    const fn of(round: u32) -> Self {
        Self::ALL[round as usize % Self::ALL.len()]
    }
}

/// Runs the programme on a built server.
pub(super) fn programme(program: &Path, options: &Options) -> Result<Tally> {
    let seed = options.seed.unwrap_or_else(Chance::any_seed);
    heading(format_args!(
        "fault programme: the broker fails {} times under load (seed {seed})",
        options.kills
    ));
    let broker = parts::own_broker().map_err(|reason| anyhow!("no RabbitMQ: {reason}"))?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = recipe(program, folder.path(), &sink)?
        .with("USHER_QUEUE__BROKER", "amqp")
        .with("USHER_QUEUE__URL", broker.url())
        .with("USHER_QUEUE__NAME", QUEUE)
        .with("USHER_QUEUE__EMBEDDED", "false");
    let stage = Stage::new(&[recipe.address()], sink);
    let mut scene = Scene::set(&recipe, broker)?;
    let entries = scene.play(&recipe, &stage, options, &mut Chance::of(seed))?;
    ensure!(
        !entries.is_empty(),
        "nothing was ever acknowledged, so nothing is proven"
    );
    let settled = oracle::wait_for_mail(&stage.sink, &entries);
    say(format_args!(
        "mail had settled {:.1} s after the last round",
        settled.as_secs_f64()
    ));
    say(oracle::summary(&stage, &entries));
    let findings = oracle::examine(&stage, &entries)?;
    let Scene {
        workers,
        server,
        broker,
    } = scene;
    drop((workers, server));
    let tally = report(&findings, &[], &recipe);
    // The doctor asks for the broker too.
    drop(broker);
    tally
}

/// Everything that runs; it ends with the value.
struct Scene {
    workers: Vec<Usher>,
    server: Usher,
    broker: OwnBroker,
}

impl Scene {
    fn set(recipe: &Recipe, broker: OwnBroker) -> Result<Self> {
        let server = recipe.start()?;
        let workers = (0..WORKERS)
            .map(|_| recipe.start_worker())
            .collect::<Result<_>>()?;
        Ok(Self {
            workers,
            server,
            broker,
        })
    }

    fn play(
        &mut self,
        recipe: &Recipe,
        stage: &Stage,
        options: &Options,
        chance: &mut Chance,
    ) -> Result<Vec<Entry>> {
        thread::scope(|scope| {
            let people: Vec<_> = (0..options.people)
                .map(|person| scope.spawn(move || driver::act(stage, person)))
                .collect();
            let played = (1..=options.kills).try_for_each(|round| {
                thread::sleep(chance.between(SHORTEST_LIFE, LONGEST_LIFE));
                let (blow, begun) = (Blow::of(round), Instant::now());
                self.strike(blow, recipe, chance)?;
                say(format_args!(
                    "round {round}/{}: {blow:?}, over after {} ms, {} registrations acknowledged so far",
                    options.kills,
                    begun.elapsed().as_millis(),
                    stage.registered.load(Ordering::Relaxed)
                ));
                Ok(())
            });
            stage.over.store(true, Ordering::Release);
            let mut entries = Vec::new();
            for person in people {
                entries.extend(person.join().ok().context("a person broke down")?);
            }
            played.map(|()| entries)
        })
    }

    fn strike(&mut self, blow: Blow, recipe: &Recipe, chance: &mut Chance) -> Result<()> {
        match blow {
            Blow::BrokerStopped => {
                self.broker.stop()?;
                thread::sleep(chance.between(SHORTEST_LIFE, LONGEST_LIFE));
                self.broker.start_again()
            }
            Blow::BrokerKilled => {
                self.broker.kill()?;
                self.broker.start_again()
            }
            // Whoever notices first makes it again.
            Blow::QueueDeleted => self.broker.delete_queue(QUEUE),
            Blow::WorkerKilled => {
                self.workers.remove(0).kill()?;
                self.workers.push(recipe.start_worker()?);
                Ok(())
            }
        }
    }
}
