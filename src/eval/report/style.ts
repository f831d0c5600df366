/** The look of the report; light or dark as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2530; --paper: #fff; --faint: #d9dee5; --quiet: #5d6b7a; --line: #1e5fb4;
  --truth: #d6334533; --alarm: #c22b3c; --c1: #8a5a00; --c2: #5c6f2a; --c3: #7a3e8e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --paper: #12171d; --faint: #2b343e; --quiet: #97a4b2;
  --line: #6fa8ee; --truth: #e2556640; --alarm: #ff7384; --c1: #e0b050; --c2: #a9c56a; --c3: #d29be6; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0; font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; } header p, section > p { color: var(--quiet); margin: .2rem 0 0; }
.headline { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
.headline li { color: var(--quiet); font-size: .85rem; } .headline b { display: block; font-size: 1.6rem; color: var(--ink); font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; } figcaption { font-weight: 600; }
.chart { flex: 1 1 22rem; max-width: 28rem; } .scores { margin: 1rem 0; } .scores span { font-weight: 400; color: var(--quiet); }
svg { width: 100%; height: auto; display: block; } .grid { stroke: var(--faint); fill: none; } .tick { font-size: 10px; fill: var(--quiet); }
.axis { font-size: 11px; fill: var(--ink); } path.curve { stroke: var(--line); stroke-width: 2; fill: none; } .scores path.curve { stroke-width: 1.2; }
path.control { stroke-width: 1.2; stroke-dasharray: 5 3; fill: none; }
path.c1 { stroke: var(--c1); } path.c2 { stroke: var(--c2); } path.c3 { stroke: var(--c3); }
.truth { fill: var(--truth); } .alarm rect { fill: var(--alarm); } .alarm path { stroke: var(--alarm); fill: none; }
.legend { list-style: none; padding: 0; margin: .3rem 0 0; font-size: .85rem; } .legend li::before { content: ""; display: inline-block; width: 1.6em;
  margin-right: .5em; vertical-align: middle; border-top: 2px solid var(--line); } .legend .control::before { border-top-style: dashed; border-top-width: 1.5px; }
.legend .c1::before { border-color: var(--c1); } .legend .c2::before { border-color: var(--c2); } .legend .c3::before { border-color: var(--c3); }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; } th { text-align: left; } th, td { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--faint); }
.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
`;
