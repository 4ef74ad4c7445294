use super::*;

#[test]
fn finds_the_delimiter() {
    for (text, expected) in [
        ("a,b\n1,2\n", ","),
        ("a;b;c\n1,5;2,5;3\n1,5;2,5;4\n", ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("a^b\n1^2\n", "^"),
        ("a\u{1}b\n1\u{1}2\n", "\u{1}"),
        ("name;note\n\"x;y\";\"a,b,c\"\n", ";"),
        ("when,what\n2020-01-01 10:30:00,a:b\n2020-01-01 10:31:00,c:d\n", ","),
        ("one column\nonly\n", ","),
        (" 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n", WHITESPACE),
        ("a, b, c\n1, 2, 3\nx, y, z\n", ", "),
        ("a||b||c\n1||2||3\n", "||"),
        ("a | b | c\n1 | 2 | 3\n", " | "),
        ("a~|~b~|~c\n1~|~2~|~3\n", "~|~"),
        ("Sales, all stores\n\nid;name;price\n1;a;2,5\n2;b;3,5\n", ";"),
        ("a,b\n1,\n2,\n", ","),
    ] {
        assert_eq!(of(text).format.delimiter.name(), expected, "{text}");
    }
}

#[test]
fn finds_how_fields_are_quoted() {
    let plain = RecordFormat::separated_by(",");
    for (text, expected) in [
        ("a,b\n\"x,y\",2\n", plain.clone()),
        ("a,b\n'x,y',2\n'z',3\n", RecordFormat { quote: Some(b'\''), ..plain.clone() }),
        ("a,b\n\"x \\\"y\\\", z\",2\n\"w\",3\n", RecordFormat { escape: Escape::Backslash, ..plain.clone() }),
        ("a,b\n1, \"x, y\"\n2,z\n", RecordFormat { is_spaced: true, ..plain.clone() }),
        ("a,b\n\"Pro\" lamp,1\n\"Eco\" lamp,2\n\"Top\" lamp,3\n", RecordFormat { quote: None, ..plain.clone() }),
        ("name,size\npipe,5\"\nhose,6\"\n", plain.clone()),
        ("it's,that's\nwon't,1\n", plain),
    ] {
        assert_eq!(of(text).format, expected, "{text}");
    }
}

#[test]
fn finds_what_ends_a_line() {
    assert_eq!(of("a,b,c\r1,x\ny,2\r3,z,4\r").format.line_end, LineEnd::Cr);
    let rows = "S-1,C-2,3,4,x,5,6\r".repeat(3);
    assert_eq!(of(&format!("a,b,c,d,e,f,g\r{rows}S-1,C-2,3,4,x\ny,5,6\r{rows}")).format.line_end, LineEnd::Cr);
    assert_eq!(of("a,b\n1,x\ry\n3,z\n").format.line_end, LineEnd::Lf);
    assert_eq!(of("a,b\n1,2\r3,4\r\n5,6\n").format.line_end, LineEnd::Any);
}

#[test]
fn what_was_chosen_stays() {
    let choice =
        DialectChoice { delimiter: Some(";".into()), quote: Some(NO_QUOTE.into()), ..DialectChoice::default() };
    let format = detect(b"a,b\n\"1\",2\n", &choice).format;
    assert_eq!((format.delimiter.name(), format.quote), (";".to_owned(), None));
}

#[test]
fn is_surer_of_what_stands_out() {
    assert!(of("a;b\n1;2\n3;4\n").confidence > 0.9);
    assert!(of("one column\nonly\n").confidence < 0.6);
}

fn of(text: &str) -> DetectedFormat {
    detect(text.as_bytes(), &DialectChoice::default())
}
