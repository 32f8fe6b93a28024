"""The lines of the documents that begin with docker: which there are, which were run, which could not be."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNTRIED = ROOT / "docs/containers-untried.md"
LINE = re.compile(r"docker (?:compose (?:--profile \w+ )*[a-z]+\b[^`\n]*|(?:build|buildx|cp|exec|load|port|push|run|save|stop|tag) [^`\n]+)")
ran = set()


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def lines(page):
    """The docker lines of a page, without comments and without what a Jenkinsfile puts around them."""
    found = (match[0] for match in LINE.finditer(text(page)))
    return {re.split(r"  +[#(]|  +\d|', returnStdout|'$", line)[0].strip() for line in found}


def pages():
    documents = [ROOT / "README.md", ROOT / "README.ja.md", ROOT / "Dockerfile", ROOT / "docker-compose.yml", *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/ci/*")]
    return sorted({path for path in documents if path.is_file() and "containers-untried" not in path.name})


def all_lines():
    return {line for page in pages() for line in lines(page)}


def line(page, start):
    """The one line of a page that begins so; it counts as run."""
    [found] = {line for line in lines(page) if line.startswith(start)}
    ran.add(found)
    return found


def block(page, containing):
    """The block of code with these words; its docker lines count as run."""
    [found] = [block for block in re.findall(r"^```bash\n(.*?)^```", text(page), re.S | re.M) if containing in block]
    ran.update(line for line in lines(page) if line in found)
    return found


def report():
    """Says how many lines were run, and returns those of which neither a test nor the page of untried ones knows."""
    there, untried = all_lines(), lines(UNTRIED.relative_to(ROOT))
    forgotten = sorted(there - ran - untried)
    print(f"docker lines in the documents: {len(there)}; run: {len(there & ran)}; untried, with the reason: {len(there & untried)}")
    for found in forgotten:
        print(f"neither run nor in {UNTRIED.name}: {found}")
    for found in sorted(untried & ran) + sorted(untried - there):
        print(f"in {UNTRIED.name}, but run, or not in the documents: {found}")
    return forgotten or untried & ran or untried - there
