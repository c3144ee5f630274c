//! Writes the lines of tf-provider/tests/corpus.txt as the seeds of the targets.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let lines = include_str!("../tf-provider/tests/corpus.txt").lines();
    for (n, line) in lines.enumerate() {
        let [target, ty, digits] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
        let digit = |place| u8::from_str_radix(&digits[place..place + 2], 16);
        let bytes = (0..digits.len()).step_by(2).map(digit).collect::<Result<Vec<_>, _>>();
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        let seed = [ty.as_bytes(), b"\0", &bytes.map_err(io::Error::other)?].concat();
        fs::write(folder.join(n.to_string()), seed)?;
    }
    Ok(())
}
