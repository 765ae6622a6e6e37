//! The operator's list of passwords that got out elsewhere: a text file of upper-case SHA-1 digests, one a
//! line, sorted, each perhaps followed by `:` and a count. It may be larger than the memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use usher_accounts::password::Password;

/// Digits of a digest.
const DIGITS: usize = 40;
/// Longer than any line of such a list.
const MOST_PER_LINE: u64 = 256;

/// A list that has been opened once and found to be one.
#[derive(Clone, Debug)]
pub struct BreachList(PathBuf);

impl BreachList {
    /// Checks that the file is there and begins like a list.
    pub fn open(path: &Path) -> io::Result<Self> {
        let first = line_from(&mut BufReader::new(File::open(path)?), 0)?;
        if first.len() == DIGITS
            && first
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'))
        {
            return Ok(Self(path.to_owned()));
        }
        let what = format!(
            "{} does not begin with an upper-case SHA-1 digest",
            path.display()
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }

    /// Whether a password is on it: a few dozen short reads, so not for a thread that must not wait.
    pub fn holds(&self, password: &Password) -> io::Result<bool> {
        let wanted = password.breach_digest();
        let file = File::open(&self.0)?;
        let (mut low, mut high) = (0, file.metadata()?.len());
        let mut reader = BufReader::with_capacity(512, file);
        // The first line at or after an offset grows with the offset: search the offset.
        while low < high {
            let middle = low + (high - low) / 2;
            let line = line_from(&mut reader, middle)?;
            if line == wanted {
                return Ok(true);
            }
            if line.is_empty() || line > wanted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(line_from(&mut reader, low)? == wanted)
    }
}

/// The digest on the first line that begins at or after `offset`; empty after the last.
fn line_from(reader: &mut BufReader<File>, offset: u64) -> io::Result<String> {
    let mut line = Vec::new();
    reader.seek(SeekFrom::Start(offset.saturating_sub(1)))?;
    if offset > 0 {
        reader.take(MOST_PER_LINE).read_until(b'\n', &mut line)?;
        line.clear();
    }
    reader.take(MOST_PER_LINE).read_until(b'\n', &mut line)?;
    let text = String::from_utf8_lossy(&line);
    Ok(text
        .split([':', '\r', '\n'])
        .next()
        .unwrap_or_default()
        .to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn list(words: &[&str]) -> (tempfile::NamedTempFile, BreachList) {
        let password = |word: &&str| Password::given((*word).to_owned()).unwrap();
        let mut digests: Vec<_> = words.iter().map(|word| password(word).breach_digest()).collect();
        digests.sort();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (index, digest) in digests.iter().enumerate() {
            write!(file, "{digest}:{}\r\n", index * 977).unwrap();
        }
        let list = BreachList::open(file.path()).unwrap();
        (file, list)
    }

    #[test]
    fn r13_every_listed_password_is_found_and_no_other() {
        let words: Vec<String> = (0..300).map(|number| format!("word {number}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (_file, list) = list(&words);
        for word in words {
            assert!(
                list.holds(&Password::given(word.to_owned()).unwrap()).unwrap(),
                "{word}"
            );
        }
        for number in 300..600 {
            let password = Password::given(format!("word {number}")).unwrap();
            assert!(!list.holds(&password).unwrap(), "word {number}");
        }
    }

    #[test]
    fn r13_a_file_that_is_no_list_is_refused_at_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "password123").unwrap();
        assert!(BreachList::open(file.path()).is_err());
        assert!(BreachList::open(Path::new("/nowhere/at/all")).is_err());
    }
}
