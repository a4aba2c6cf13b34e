/// The style of the page.
///
/// It holds none of the characters that markup escapes, because a style element's text is read as it stands.
/// Colours keep their order of lightness, so that a print in grey remains readable.
enum StyleSheet {
  static let text = """

    :root {
      --paper: #ffffff; --ink: #1b1f24; --soft: #5c6670; --rule: #d9dee3; --panel: #f5f7f9;
      --before: #b3bcc6; --alone: #d98b2b; --federated: #1764a8; --training: #2b8a78;
      --other: #8b7bb0; --heat: #1764a8; --on-heat: #ffffff; --warning: #9a4b00; --warning-panel: #fff4e5;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14181c; --ink: #e6eaee; --soft: #9aa5b1; --rule: #323a43; --panel: #1d2329;
        --before: #66717d; --alone: #d99240; --federated: #5aa9ea; --training: #4cc0a8;
        --other: #a595cf; --heat: #5aa9ea; --on-heat: #0d1114; --warning: #f0b060; --warning-panel: #33270f;
      }
    }
    @media print {
      :root {
        --paper: #ffffff; --ink: #000000; --soft: #444444; --rule: #cccccc; --panel: #ffffff;
        --before: #b3bcc6; --alone: #d98b2b; --federated: #1764a8; --training: #2b8a78;
        --other: #8b7bb0; --heat: #1764a8; --on-heat: #ffffff; --warning: #9a4b00; --warning-panel: #ffffff;
      }
      section, .tiles, tr { break-inside: avoid; }
      body { font-size: 10pt; }
      main { max-width: none; padding: 0; }
      * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
    }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, Segoe UI, Roboto, Helvetica Neue, Liberation Sans, sans-serif;
      font-variant-numeric: tabular-nums;
    }
    main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.4rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; margin: 0 0 0.6rem; }
    p { margin: 0 0 0.8rem; overflow-wrap: anywhere; }
    .lead { color: var(--soft); font-size: 1.08rem; }
    section { margin-top: 2.4rem; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; margin-top: 1.4rem; }
    .tile { background: var(--panel); border: 1px solid var(--rule); border-radius: 0.5rem; padding: 0.8rem 0.9rem; }
    .tile-name, .tile-value, .tile-detail { display: block; }
    .tile-name { font-size: 0.86rem; }
    .tile-detail { color: var(--soft); font-size: 0.82rem; }
    .tile-value { font-size: 1.45rem; font-weight: 650; line-height: 1.35; }
    .notes { margin-top: 1.4rem; }
    .note { background: var(--panel); border-left: 4px solid var(--rule); padding: 0.55rem 0.9rem; margin: 0.5rem 0; }
    .warning { background: var(--warning-panel); border-left-color: var(--warning); }
    .warning strong { color: var(--warning); }
    .figure { overflow-x: auto; margin: 0 0 0.8rem; }
    .figure svg { min-width: 36rem; }
    .spaced { margin-top: 1.2rem; }
    svg { display: block; width: 100%; height: auto; }
    svg text { font: 12px system-ui, Segoe UI, Roboto, Liberation Sans, sans-serif; fill: var(--ink); }
    svg .label { fill: var(--soft); }
    svg .value { font-size: 11px; }
    svg .on-heat { font-size: 11px; fill: var(--on-heat); }
    svg .grid { stroke: var(--rule); stroke-width: 1; }
    svg .tick { stroke: var(--soft); stroke-width: 1; }
    .c-before { fill: var(--before); stroke: var(--before); }
    .c-alone { fill: var(--alone); stroke: var(--alone); }
    .c-federated { fill: var(--federated); stroke: var(--federated); }
    .c-training { fill: var(--training); stroke: var(--training); }
    .c-other { fill: var(--other); stroke: var(--other); }
    .c-series-1 { fill: #1764a8; stroke: #1764a8; }
    .c-series-2 { fill: #d98b2b; stroke: #d98b2b; }
    .c-series-3 { fill: #2b8a78; stroke: #2b8a78; }
    .c-series-4 { fill: #b0436e; stroke: #b0436e; }
    .c-series-5 { fill: #8b7bb0; stroke: #8b7bb0; }
    .c-series-6 { fill: #7a8b1e; stroke: #7a8b1e; }
    .c-series-7 { fill: #8c5a3c; stroke: #8c5a3c; }
    .c-series-8 { fill: #66717d; stroke: #66717d; }
    svg .interval { stroke: var(--ink); stroke-width: 1.25; }
    .heat { fill: var(--heat); }
    rect[class] { stroke: none; }
    polyline { stroke-width: 1.75; stroke-linejoin: round; }
    polyline[class] { fill: none; }
    line[class^=c-] { stroke-width: 2; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 0 0 0.4rem; padding: 0; font-size: 0.88rem; color: var(--soft); }
    .legend li { display: flex; align-items: center; gap: 0.4rem; }
    .legend .swatch { width: 18px; height: 12px; flex: none; }
    table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
    th, td { text-align: left; padding: 0.32rem 0.7rem 0.32rem 0; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
    th { color: var(--soft); font-weight: 600; }
    .wide th, .wide td { overflow-wrap: normal; }
    .number { text-align: right; white-space: nowrap; padding-right: 0; padding-left: 0.9rem; }
    dl { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); column-gap: 2rem; }
    dl div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px solid var(--rule); padding: 0.3rem 0; }
    dt { color: var(--soft); flex: none; }
    dd { margin: 0; text-align: right; overflow-wrap: anywhere; }

    """
}
