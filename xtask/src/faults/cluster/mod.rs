//! Two servers and two workers on one PostgreSQL and one RabbitMQ, under load: each process is killed in
//! turn, PostgreSQL is restarted, and nothing may be lost, refused wrongly or done twice.

mod checks;
mod watch;

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::driver::{self, Entry, Stage};
use super::{LONGEST_LIFE, Options, SHORTEST_LIFE, oracle, recipe, report, smtp};
use crate::client::chance::Chance;
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::parts::{self, OwnServer};
use crate::say::{heading, say};
use crate::test::tally::Tally;
use checks::Checks;
use watch::Watcher;

/// For the load to begin, and to go on after the last blow.
const CALM: Duration = Duration::from_secs(2);
/// After so many kills PostgreSQL is restarted.
const KILLS_TO_A_RESTART: u32 = 5;
/// How long PostgreSQL is away: longer than the five seconds that requests wait for it.
const OUTAGE: Duration = Duration::from_secs(8);
/// How PostgreSQL says that two transactions took the same rows in different orders.
const DEADLOCK: &str = "deadlock detected";
/// One event for each verification, one account for each address: what no request shows.
const ODD_ROWS: &str = "SELECT (SELECT count(*) FROM accounts WHERE verified_at IS NOT NULL AND 1 <> \
     (SELECT count(*) FROM events WHERE person_id = accounts.id AND kind = 'account.verified')) \
     + (SELECT count(*) FROM (SELECT 1 FROM accounts GROUP BY lower(email) HAVING count(*) > 1) AS twice)";

/// Runs the programme on a built server.
pub(super) fn programme(program: &Path, options: &Options) -> Result<Tally> {
    let seed = options.seed.unwrap_or_else(Chance::any_seed);
    heading(format_args!(
        "fault programme: two servers and two workers, {} kills under load (seed {seed})",
        options.kills
    ));
    let database = parts::own_database().map_err(|reason| anyhow!("no PostgreSQL: {reason}"))?;
    let broker = parts::own_broker().map_err(|reason| anyhow!("no RabbitMQ: {reason}"))?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let node = |name: &str| -> Result<Recipe> {
        Ok(recipe(program, &folder.path().join(name), &sink)?
            .with("DATABASE_URL", database.url())
            .with("SECRET_KEY", format!("{seed:064x}"))
            // One site, whichever server answers: tokens name it.
            .with("USHER_SERVER__PUBLIC_URL", "http://127.0.0.1:9")
            .with("USHER_QUEUE__BROKER", "amqp")
            .with("USHER_QUEUE__URL", broker.url())
            .with("USHER_QUEUE__EMBEDDED", "false"))
    };
    let recipes = [node("one")?, node("two")?];
    let stage = Stage::new(&[recipes[0].address(), recipes[1].address()], sink);
    let mut scene = Scene::set(&recipes, database)?;
    let (entries, checks) = scene.play(&recipes, &stage, options, &mut Chance::of(seed))?;
    ensure!(
        !entries.is_empty(),
        "nothing was ever acknowledged, so nothing is proven"
    );
    let settled = oracle::wait_for_mail(&stage.sink, &entries);
    say(format_args!(
        "mail had settled {:.1} s after the last blow",
        settled.as_secs_f64()
    ));
    say(oracle::summary(&stage, &entries));
    say(&checks);
    let findings = oracle::examine(&stage, &entries)?;
    let wronged = stage.wronged.lock().unwrap_or_else(PoisonError::into_inner);
    if !wronged.is_empty() {
        say(format_args!(
            "right requests refused wrongly, by status: {wronged:?}"
        ));
    }
    let mut others = checks.promises().to_vec();
    others.push(("no right request gets a 401 or a 500", wronged.values().sum()));
    let left = smtp::wait_for_rest(&recipes[0])?;
    if let Some(left) = &left {
        say(format_args!("mails that were not sent: {left}"));
    }
    others.push((
        "every mail was sent, none is left or lost",
        u32::from(left.is_some()),
    ));
    let Scene {
        servers,
        workers,
        database,
    } = scene;
    others.push((
        "one account for an address, one event for a verification",
        database.number(ODD_ROWS)?,
    ));
    drop((servers, workers));
    let deadlocked = recipes.iter().filter(|recipe| recipe.ever_said(DEADLOCK)).count();
    others.push(("no transaction waits for another for ever", deadlocked as u32));
    let tally = report(&findings, &others, &recipes[0]);
    // The doctor asks for both.
    drop((database, broker));
    tally
}

/// Everything that fails; it ends with the value.
struct Scene {
    servers: [Usher; 2],
    workers: [Usher; 2],
    database: OwnServer,
}

impl Scene {
    fn set(recipes: &[Recipe; 2], database: OwnServer) -> Result<Self> {
        Ok(Self {
            servers: [recipes[0].start()?, recipes[1].start()?],
            workers: [recipes[0].start_worker()?, recipes[1].start_worker()?],
            database,
        })
    }

    fn play(
        &mut self,
        recipes: &[Recipe; 2],
        stage: &Stage,
        options: &Options,
        chance: &mut Chance,
    ) -> Result<(Vec<Entry>, Checks)> {
        let watchers = [Watcher::enter(stage, 0)?, Watcher::enter(stage, 1)?];
        thread::scope(|scope| {
            for watcher in watchers {
                scope.spawn(move || watcher.watch(stage));
            }
            let people: Vec<_> = (0..options.people)
                .map(|person| scope.spawn(move || driver::act(stage, person)))
                .collect();
            let mut checks = Checks::default();
            let played = self.fail(recipes, stage, options.kills, chance, &mut checks);
            stage.over.store(true, Ordering::Release);
            let mut entries = Vec::new();
            for person in people {
                entries.extend(person.join().ok().context("a person broke down")?);
            }
            played.map(|()| (entries, checks))
        })
    }

    fn fail(
        &mut self,
        recipes: &[Recipe; 2],
        stage: &Stage,
        kills: u32,
        chance: &mut Chance,
        checks: &mut Checks,
    ) -> Result<()> {
        thread::sleep(CALM);
        checks.all(stage)?;
        for kill in 1..=kills {
            thread::sleep(chance.between(SHORTEST_LIFE, LONGEST_LIFE));
            let begun = Instant::now();
            let name = self.kill((kill - 1) as usize, recipes)?;
            say(format_args!(
                "kill {kill}/{kills}: {name}, back in {} ms, {} registrations acknowledged so far",
                begun.elapsed().as_millis(),
                stage.registered.load(Ordering::Relaxed)
            ));
            if kill % KILLS_TO_A_RESTART == 0 || kill == kills {
                self.restart_database(stage, checks)?;
                checks.all(stage)?;
            }
        }
        thread::sleep(CALM);
        Ok(())
    }

    /// The process whose turn it is, and another in its place.
    fn kill(&mut self, turn: usize, recipes: &[Recipe; 2]) -> Result<&'static str> {
        let (node, is_server) = (turn % 2, turn % 4 < 2);
        if is_server {
            self.servers[node].kill()?;
            self.servers[node] = recipes[node].start().context("the server did not come back")?;
        } else {
            self.workers[node].kill()?;
            self.workers[node] = recipes[node]
                .start_worker()
                .context("the worker did not come back")?;
        }
        Ok(["server 1", "server 2", "worker 1", "worker 2"][turn % 4])
    }

    fn restart_database(&mut self, stage: &Stage, checks: &mut Checks) -> Result<()> {
        let count = || [&stage.shed, &stage.unanswered].map(|count| count.load(Ordering::Relaxed));
        let before = count();
        self.database.stop_at_once()?;
        thread::sleep(OUTAGE);
        self.database.start_again()?;
        let recovered = checks.recovery(stage).context("while PostgreSQL came back")?;
        let (refused, unanswered) = (count()[0] - before[0], count()[1] - before[1]);
        say(format_args!(
            "PostgreSQL was away for {} s: {refused} requests refused as busy, {unanswered} not answered, writes on both \
             servers {} ms after it was back",
            OUTAGE.as_secs(),
            recovered.as_millis()
        ));
        checks.outage(refused);
        Ok(())
    }
}
