//! Thins a long column to what a sheet can show, keeping every peak.
//!
//! Models: per pixel column the least and the greatest value, in the order in which they came. Leaves out: averaging; a
//! chart that averages hides the very seconds it is read for.

/// Points `(row, value)` of a column, at most two per pixel column; a gap (NaN) ends one run and starts the next.
pub(crate) fn runs(values: &[f64], pixels: usize) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    let mut push = |row: usize, value: f64, open: &mut bool| {
        if !*open {
            runs.push(Vec::new());
            *open = true;
        }
        if let Some(run) = runs.last_mut() {
            run.push((row as f64, value));
        }
    };
    let stride = values.len().div_ceil(pixels.max(1)).max(1);
    if stride <= 2 {
        for (row, &value) in values.iter().enumerate() {
            if value.is_finite() { push(row, value, &mut open) } else { open = false }
        }
        return runs;
    }
    for (chunk_index, chunk) in values.chunks(stride).enumerate() {
        let finite = || chunk.iter().copied().enumerate().filter(|(_, v)| v.is_finite());
        let least = finite().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = finite().max_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(least), Some(most)) = (least, most) else {
            open = false;
            continue;
        };
        let (first, second) = if least.0 <= most.0 { (least, most) } else { (most, least) };
        push(chunk_index * stride + first.0, first.1, &mut open);
        if second.0 != first.0 {
            push(chunk_index * stride + second.0, second.1, &mut open);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_columns_stay_as_they_are() {
        assert_eq!(runs(&[1.0, 2.0], 100), [[(0.0, 1.0), (1.0, 2.0)]]);
        assert!(runs(&[], 100).is_empty());
    }

    #[test]
    fn gaps_part_the_line() {
        let found = runs(&[f64::NAN, 1.0, f64::NAN, 2.0, f64::INFINITY, 3.0], 100);
        assert_eq!(found, [[(1.0, 1.0)], [(3.0, 2.0)], [(5.0, 3.0)]]);
    }

    #[test]
    fn a_lone_peak_survives() {
        let mut values = vec![1.0; 100_000];
        values[54_321] = 99.0;
        values[77_777] = -5.0;
        let found = runs(&values, 1000);
        assert!(found[0].len() <= 2000);
        assert!(found[0].contains(&(54_321.0, 99.0)) && found[0].contains(&(77_777.0, -5.0)));
        assert!(found[0].windows(2).all(|pair| pair[0].0 < pair[1].0), "in order of time");
    }
}
