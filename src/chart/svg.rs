//! Writes a drawing as SVG.

use std::fmt::{self, Write};

use super::axis::{Axis, NAMES, Tick, WIDTH};
use super::bundle::Bundle;
use super::labels::LabelLine;
use super::{Chart, MarkKind, Row, SpanKind};
use crate::domain::japan;

/// The height of the line above all rows, of a line of labels, of a row's marks, and of the axis.
const TOP: f64 = 22.0;
const LABELS: f64 = 15.0;
const MARKS: f64 = 26.0;
const GAP: f64 = 5.0;
const AXIS: f64 = 36.0;
/// The height of the heading of a drawing that stands alone, and its margins.
const HEADING: f64 = 46.0;
const MARGIN: f64 = 18.0;

const STYLE: &str = include_str!("../../templates/chart.css");
const TOKENS: &str = include_str!("../../templates/tokens.css");

/// A part of a picture that stands alone: a drawing with its heading in Japanese and English.
pub type Part<'a> = (&'a str, &'a str, &'a Chart);

/// Returns a picture of several drawings, with a title in Japanese and English, for a file of its
/// own.
pub fn picture(ja: &str, en: &str, parts: &[Part<'_>]) -> String {
    let mut svg = String::new();
    write_picture(ja, en, parts, &mut svg).expect("a String takes all that is written");
    svg
}

impl Chart {
    /// Returns the drawing for a page of the console, which has the colours, and a list of the same
    /// items beside it.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        self.write_in_page(&mut svg).expect("a String takes all that is written");
        svg
    }

    fn write_in_page(&self, out: &mut String) -> fmt::Result {
        let mut content = String::new();
        let height = self.write(true, &mut content)?;
        writeln!(out, "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" aria-hidden=\"true\" focusable=\"false\">")?;
        writeln!(out, "{content}</svg>")
    }

    /// Writes all shapes, and returns the height.
    fn write(&self, linked: bool, out: &mut String) -> Result<f64, fmt::Error> {
        let axis = Axis::of(self);
        let rows: Vec<PlacedRow<'_>> = self.rows.iter().map(|row| PlacedRow::of(row, axis)).collect();
        let bottom = TOP + rows.iter().map(PlacedRow::height).sum::<f64>();
        self.write_behind(axis, bottom, out)?;
        let mut y = TOP;
        for row in &rows {
            row.write(axis, y, linked, out)?;
            y += row.height();
        }
        write_axis(axis, bottom, out)?;
        self.write_now(axis, bottom, out)?;
        Ok(bottom + AXIS)
    }

    /// Writes the bands behind the rows, with their names above.
    fn write_behind(&self, axis: Axis, bottom: f64, out: &mut String) -> fmt::Result {
        let mut names = LabelLine::default();
        if let Some((at, label)) = self.now.as_ref().filter(|(at, _)| axis.shows(*at)) {
            names.place(axis.x(*at) + 5.0, label);
        }
        for band in &self.bands {
            let to = band.to.unwrap_or(self.to);
            if !axis.shows_some_of(band.from, to) {
                continue;
            }
            let (x, width) = (axis.x(band.from), axis.x(to) - axis.x(band.from));
            writeln!(out, "<rect class=\"band\" x=\"{x:.1}\" y=\"18\" width=\"{width:.1}\" height=\"{:.1}\"/>", bottom - 18.0)?;
            if let Some(start) = names.place(x + 3.0, &band.label) {
                writeln!(out, "<text class=\"band-name\" x=\"{start:.1}\" y=\"13\">{}</text>", Escaped(&band.label))?;
            }
        }
        Ok(())
    }

    fn write_now(&self, axis: Axis, bottom: f64, out: &mut String) -> fmt::Result {
        let Some((at, label)) = self.now.as_ref().filter(|(at, _)| axis.shows(*at)) else {
            return Ok(());
        };
        let x = axis.x(*at);
        writeln!(out, "<line class=\"now\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"2\" y2=\"{:.1}\"/>", bottom + 6.0)?;
        let start = LabelLine::default().place(x + 5.0, label).unwrap_or(x);
        writeln!(out, "<text class=\"now-name\" x=\"{start:.1}\" y=\"13\">{}</text>", Escaped(label))
    }
}

fn write_picture(ja: &str, en: &str, parts: &[Part<'_>], out: &mut String) -> fmt::Result {
    let mut content = String::new();
    let mut y = MARGIN;
    for (ja, en, chart) in parts {
        writeln!(content, "<g transform=\"translate({MARGIN} {y:.1})\">")?;
        writeln!(content, "<text class=\"heading\" y=\"17\">{}</text>\n<text class=\"name\" y=\"36\">{}</text>", Escaped(ja), Escaped(en))?;
        writeln!(content, "<g transform=\"translate(0 {HEADING})\">")?;
        y += HEADING + chart.write(false, &mut content)? + MARGIN;
        writeln!(content, "</g>\n</g>")?;
    }
    let width = WIDTH + 2.0 * MARGIN;
    writeln!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {y:.1}\">")?;
    writeln!(out, "<title>{} / {}</title>\n<style>\n{}</style>", Escaped(ja), Escaped(en), light_style())?;
    writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{y:.1}\"/>\n{content}</svg>")
}

/// Returns the style of a drawing that stands alone, with the colours of a light page in place of
/// their names: not every program that shows SVG knows variables.
fn light_style() -> String {
    let light = TOKENS.split("@media").next().unwrap_or_default();
    let tokens = light.split(';').filter_map(|token| token.rsplit(['{', '\n']).next()?.trim().split_once(": "));
    tokens
        .filter(|(name, _)| name.starts_with("--"))
        .fold(STYLE.to_owned(), |style, (name, value)| style.replace(&format!("var({name})"), value))
}

/// A row with its bundles and their labels.
struct PlacedRow<'a> {
    row: &'a Row,
    spans: Vec<Bundle<SpanKind>>,
    marks: Vec<Bundle<MarkKind>>,
    above: Vec<Label>,
    below: Vec<Label>,
}

struct Label {
    x: f64,
    class: &'static str,
    text: String,
}

impl<'a> PlacedRow<'a> {
    fn of(row: &'a Row, axis: Axis) -> Self {
        let (spans, marks) = (row.span_bundles(axis), row.mark_bundles(axis));
        let (mut above, mut below) = (Vec::new(), Vec::new());
        let (mut line_above, mut line_below) = (LabelLine::default(), LabelLine::default());
        // What matters most gets its label first.
        let mut wanted: Vec<(u8, f64, &'static str, String, bool)> = Vec::new();
        for bundle in &marks {
            let priority = match bundle.kind {
                MarkKind::Refused => 0,
                MarkKind::Boot | MarkKind::StepWaiting => 1,
                MarkKind::Answered => 3,
                MarkKind::Change | MarkKind::StepDone | MarkKind::StepRefused | MarkKind::StepSkipped => 4,
            };
            wanted.push((priority, axis.x(bundle.from) - 6.0, bundle.kind.class(), bundle.counted_label(), false));
        }
        for bundle in &spans {
            let (priority, is_below) = match bundle.kind {
                SpanKind::Pending => (2, true),
                SpanKind::Off => (5, true),
                SpanKind::Download | SpanKind::Installation => (3, false),
            };
            wanted.push((priority, axis.x(bundle.from), bundle.kind.class(), bundle.label.clone(), is_below));
        }
        wanted.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        for (_, x, class, text, is_below) in wanted {
            let (line, labels) = if is_below { (&mut line_below, &mut below) } else { (&mut line_above, &mut above) };
            if let Some(x) = line.place(x, &text) {
                labels.push(Label { x, class, text });
            }
        }
        Self { row, spans, marks, above, below }
    }

    fn height(&self) -> f64 {
        let lines = usize::from(!self.above.is_empty()) + usize::from(!self.below.is_empty());
        LABELS * lines as f64 + MARKS + GAP
    }

    fn write(&self, axis: Axis, top: f64, linked: bool, out: &mut String) -> fmt::Result {
        let marks_top = if self.above.is_empty() { top } else { top + LABELS };
        let middle = marks_top + MARKS / 2.0;
        writeln!(out, "<text class=\"name\" x=\"0\" y=\"{:.1}\">{}</text>", middle + 4.5, Escaped(&self.row.name))?;
        writeln!(out, "<line class=\"rule\" x1=\"{NAMES}\" x2=\"{}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>", Axis::end())?;
        for (labels, y) in [(&self.above, top + 12.0), (&self.below, marks_top + MARKS + 11.0)] {
            for Label { x, class, text } in labels {
                writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", Escaped(text))?;
            }
        }
        for bundle in &self.spans {
            write_item(bundle, bundle.kind.class(), linked, out, |out| write_span(bundle, axis, middle, out))?;
        }
        for bundle in &self.marks {
            write_item(bundle, bundle.kind.class(), linked, out, |out| write_mark(bundle.kind, axis.x(bundle.from), middle, out))?;
        }
        Ok(())
    }
}

/// Writes a shape with its title and its link.
fn write_item<K>(
    bundle: &Bundle<K>,
    class: &str,
    linked: bool,
    out: &mut String,
    shape: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    let link = bundle.link.as_deref().filter(|_| linked);
    match link {
        Some(link) => write!(out, "<a class=\"{class}\" href=\"{}\" tabindex=\"-1\">", Escaped(link))?,
        None => write!(out, "<g class=\"{class}\">")?,
    }
    let time = |at| japan::civil(at).strftime("%H:%M:%S").to_string();
    let times = if bundle.from == bundle.to { time(bundle.from) } else { format!("{}–{}", time(bundle.from), time(bundle.to)) };
    write!(out, "<title>{times} {}</title>", Escaped(&bundle.counted_title()))?;
    shape(out)?;
    writeln!(out, "{}", if link.is_some() { "</a>" } else { "</g>" })
}

fn write_span(bundle: &Bundle<SpanKind>, axis: Axis, middle: f64, out: &mut String) -> fmt::Result {
    let (x, width) = (axis.x(bundle.from), (axis.x(bundle.to) - axis.x(bundle.from)).max(3.0));
    let mut bar = |y: f64, height: f64| write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" rx=\"2\"/>");
    match bundle.kind {
        SpanKind::Off => bar(middle - 9.0, 18.0),
        SpanKind::Download => bar(middle - 10.0, 7.0),
        SpanKind::Installation => bar(middle - 3.0, 7.0),
        SpanKind::Pending => {
            let (end, y) = (x + width, middle + 8.0);
            write!(out, "<line x1=\"{x:.1}\" x2=\"{end:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>")
        }
    }
}

/// Writes a mark. Its shape says its kind without colour, too.
fn write_mark(kind: MarkKind, x: f64, y: f64, out: &mut String) -> fmt::Result {
    write!(out, "<g transform=\"translate({x:.1} {y:.1})\">")?;
    let diamond = "M0 -8 L8 0 L0 8 L-8 0 Z";
    match kind {
        MarkKind::Refused => {
            write!(
                out,
                "<rect x=\"-7.5\" y=\"-7.5\" width=\"15\" height=\"15\" rx=\"3\"/><path class=\"sign\" d=\"M-3.5 -3.5 L3.5 3.5 M3.5 -3.5 L-3.5 3.5\"/>"
            )
        }
        MarkKind::Answered => write!(out, "<circle r=\"7.5\"/><path class=\"sign\" d=\"M-3.5 0 L-1 3 L3.7 -3\"/>"),
        MarkKind::Boot => write!(out, "<path d=\"M0 -10 L9 7 L-9 7 Z\"/>"),
        MarkKind::Change => write!(out, "<circle r=\"4.5\"/>"),
        MarkKind::StepWaiting | MarkKind::StepDone => write!(out, "<path d=\"{diamond}\"/>"),
        MarkKind::StepRefused | MarkKind::StepSkipped => {
            write!(out, "<path d=\"{diamond}\"/><path class=\"sign\" d=\"M-4 -4 L4 4 M4 -4 L-4 4\"/>")
        }
    }?;
    write!(out, "</g>")
}

fn write_axis(axis: Axis, y: f64, out: &mut String) -> fmt::Result {
    writeln!(out, "<line class=\"axis\" x1=\"{NAMES}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>", Axis::end())?;
    for Tick { x, time, date } in axis.ticks() {
        writeln!(out, "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{:.1}\"/>", y + 4.0)?;
        for (text, y) in [(time, y + 16.0), (date, y + 30.0)] {
            if let Some(text) = text {
                writeln!(out, "<text class=\"time\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>")?;
            }
        }
    }
    Ok(())
}

/// A text with the characters replaced that mean something in SVG.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // Not allowed in XML.
                control if control.is_control() => f.write_char(' ')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
