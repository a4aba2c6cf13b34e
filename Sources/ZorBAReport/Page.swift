/// The frame of every page: no script, no external reference, the reader's light or dark preference.
enum Page {
  /// The whole document around the sections of a report.
  static func html(title: String, content: [Markup]) -> String {
    let page = Markup.tag(
      "html", ["xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"],
      [
        .tag(
          "head", [:],
          [
            .tag("meta", ["charset": "utf-8"]),
            .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .tag("meta", ["name": "color-scheme", "content": "light dark"]),
            .tag("title", text: title),
            .tag("style", text: StyleSheet.text),
          ]),
        .tag("body", [:], [.tag("main", [:], content)]),
      ])
    return "<!DOCTYPE html>\n" + page.rendered() + "\n"
  }
}
