//! The promises of the data folder.

use std::fs;
use std::sync::atomic::{AtomicU8, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// Never gives the same bytes twice.
#[derive(Debug, Default)]
struct Counter(AtomicU8);

impl Dice for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn fresh() -> (tempfile::TempDir, DataDir) {
    let outer = tempfile::tempdir().unwrap();
    let data = DataDir::open(&outer.path().join("data")).unwrap();
    (outer, data)
}

#[test]
fn the_first_start_makes_secrets_and_later_ones_keep_them() {
    let (_outer, data) = fresh();
    let dice = Counter::default();
    let first = data.secrets(None, &dice).unwrap();
    let names: Vec<_> = first
        .created
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    assert_eq!(names, [ROOT]);
    let second = data.secrets(None, &dice).unwrap();
    assert!(second.created.is_empty());
    assert_eq!(first.root, second.root);
}

#[test]
fn the_operators_own_key_goes_before_the_file() {
    let (_outer, data) = fresh();
    let own = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=".parse().unwrap();
    let secrets = data.secrets(Some(&own), &Counter::default()).unwrap();
    assert_eq!(secrets.root.as_slice(), own.expose());
    assert!(!data.path().join(ROOT).exists());
}

#[test]
fn moving_the_file_to_the_environment_keeps_the_root() {
    let (_outer, data) = fresh();
    let outside: &dyn Dice = &Everything;
    let made = data.secrets(None, outside).unwrap();
    let own = fs::read_to_string(data.path().join(ROOT))
        .unwrap()
        .trim_end()
        .parse()
        .unwrap();
    assert_eq!(data.secrets(Some(&own), outside).unwrap().root, made.root);
}

/// Bytes as different from each other as random ones.
#[derive(Debug)]
struct Everything;

impl Dice for Everything {
    fn fill(&self, buffer: &mut [u8]) {
        buffer
            .iter_mut()
            .zip(0_u8..)
            .for_each(|(byte, index)| *byte = index.wrapping_mul(37));
    }
}

#[test]
fn t55_keys_of_the_first_version_are_still_believed() {
    let (_outer, data) = fresh();
    data.secrets(None, &Everything).unwrap();
    leave_signing_keys(&data);
    let seeds = data.secrets(None, &Everything).unwrap().older_seeds;
    assert_eq!(seeds, [[1; 32], [2; 32]]);
}

/// As the first version left them.
fn leave_signing_keys(data: &DataDir) {
    let seed = |byte| URL_SAFE_NO_PAD.encode([byte; 32]);
    let (active, before) = (seed(1), seed(2));
    let text = format!(r#"{{"active":{{"seed":"{active}"}},"retiring":[{{"seed":"{before}"}}]}}"#);
    data.0.lock().unwrap().write(SIGNING_KEYS, &text).unwrap();
}

#[test]
fn concurrent_first_starts_agree() {
    let (_outer, data) = fresh();
    let dice = Counter::default();
    let all: Vec<Secrets> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| data.secrets(None, &dice).unwrap()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(all.iter().map(|secrets| secrets.created.len()).sum::<usize>(), 1);
    assert!(all.iter().all(|secrets| secrets.root == all[0].root));
}

#[test]
fn a_damaged_file_is_named_and_never_replaced() {
    for (name, text) in [
        (ROOT, ""),
        (ROOT, "abc\n"),
        (SIGNING_KEYS, "{}"),
        (SIGNING_KEYS, r#"{"active":{"seed":"AA"},"retiring":[]}"#),
    ] {
        let (_outer, data) = fresh();
        leave_signing_keys(&data);
        let path = data
            .secrets(None, &Everything)
            .map(|_| data.path().join(name))
            .unwrap();
        fs::write(&path, text).unwrap();
        let error = data.secrets(None, &Everything).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("damaged"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_draft_left_by_a_crash_is_no_obstacle() {
    let (_outer, data) = fresh();
    fs::write(data.path().join("secret.key.new"), "half").unwrap();
    assert_eq!(data.secrets(None, &Everything).unwrap().root.len(), ROOT_DIGITS);
    assert!(!data.path().join("secret.key.new").exists());
}

#[test]
fn t16_secrets_are_not_shown() {
    let (_outer, data) = fresh();
    assert_eq!(format!("{:?}", data.secrets(None, &Everything).unwrap()), "***");
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn t54_only_the_owner_can_read_what_is_made() {
        let (_outer, data) = fresh();
        let secrets = data.secrets(None, &Everything).unwrap();
        assert_eq!(mode(data.path()), 0o700);
        assert!(secrets.created.iter().all(|path| mode(path) == 0o600));
    }

    #[test]
    fn t54_a_folder_open_to_others_is_refused_with_the_command_that_closes_it() {
        for wide in [0o750, 0o701, 0o755, 0o777] {
            let (_outer, data) = fresh();
            set_mode(data.path(), wide);
            let error = DataDir::open(data.path()).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("run: chmod 700 {}", data.path().display())),
                "{error}"
            );
        }
    }

    #[test]
    fn t54_secrets_open_to_others_are_refused_with_the_command_that_closes_them() {
        for name in [ROOT, SIGNING_KEYS] {
            let (_outer, data) = fresh();
            data.secrets(None, &Everything).unwrap();
            leave_signing_keys(&data);
            let path = data.path().join(name);
            set_mode(&path, 0o640);
            let error = data.secrets(None, &Everything).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("run: chmod 600 {}", path.display())),
                "{error}"
            );
        }
    }
}
