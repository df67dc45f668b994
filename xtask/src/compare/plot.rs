//! The ratios as a picture: one line for each workload, one mark for each contestant.
#![forbid(unsafe_code)]

use super::measured::Measured;
use super::stats::digits;
use std::fmt::Write as _;

const LEFT: f64 = 170.0;
const WIDTH: f64 = 720.0;
const TOP: f64 = 46.0;
const ROW: f64 = 20.0;

/// What the axis reaches from and to, times npstow.
const LEAST: f64 = 0.2;
const MOST: f64 = 200.0;

fn x(ratio: f64) -> f64 {
    let part = (ratio.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + part * WIDTH
}

/// How many times as long as npstow each of the others takes, on a logarithmic axis.
pub(super) fn svg(results: &[Measured]) -> String {
    #[allow(clippy::cast_precision_loss)] // Some dozens.
    let height = TOP + ROW * results.len() as f64 + 12.0;
    let width = LEFT + WIDTH + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
        <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
        <text x=\"{LEFT}\" y=\"14\">time over that of npstow: \
        <tspan fill=\"#c0392b\">● others</tspan> <tspan fill=\"#2471a3\">● npstow in other languages and ways</tspan> \
        <tspan fill=\"#7f8c8d\">◆ the bare minimum</tspan></text>\n"
    );
    for tick in [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0] {
        let (x, bold) = (x(tick), if tick > 0.9 && tick < 1.1 { "#000" } else { "#ddd" });
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{height}\" stroke=\"{bold}\"/>\
            <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            TOP - 8.0,
            TOP - 12.0
        );
    }
    for (at, result) in results.iter().enumerate() {
        #[allow(clippy::cast_precision_loss)] // Some dozens.
        let y = TOP + ROW * (at as f64 + 0.5);
        let place = escaped(&result.place);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{place}</text>",
            LEFT - 8.0,
            y + 4.0
        );
        row(&mut svg, result, y);
    }
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, result: &Measured, y: f64) {
    for series in result.series.iter().skip(1) {
        let ratio = series.ratio;
        let title = escaped(&format!("{}: {}", series.name, digits(ratio.median)));
        let (from, to, x) = (x(ratio.least), x(ratio.most), x(ratio.median));
        let is_limit = series.name.starts_with("limit");
        let color = match series.name.starts_with("npstow") {
            _ if is_limit => "#7f8c8d",
            true => "#2471a3",
            false => "#c0392b",
        };
        let mark = match is_limit {
            true => format!("<path d=\"M{x:.1} {:.1}l5 5l-5 5l-5 -5z\" fill=\"{color}\">", y - 5.0),
            false => format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\" fill-opacity=\"0.8\">"
            ),
        };
        let end = if is_limit { "</path>" } else { "</circle>" };
        let _ = writeln!(
            svg,
            "<line x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{color}\" stroke-opacity=\"0.4\"/>\
            {mark}<title>{title}</title>{end}"
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{LEFT, WIDTH, escaped, svg, x};

    #[test]
    fn the_axis_is_logarithmic() {
        assert!((x(0.2) - LEFT).abs() < 1e-9 && (x(1e9) - LEFT - WIDTH).abs() < 1e-9);
        assert!((x(2.0) - x(1.0) - (x(100.0) - x(50.0))).abs() < 1e-9);
        assert_eq!(escaped("a<b>&"), "a&lt;b&gt;&amp;");
        assert!(svg(&[]).ends_with("</svg>\n"));
    }
}
