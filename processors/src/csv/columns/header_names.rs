//! What the name of a column says: which role it suggests, whether it is a measure or an identifier.
//! English and Spanish names are known.

use domain::dataset::ColumnRole;

/// What a person means by a column of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// The role.
    pub(crate) role: ColumnRole,
    /// How sure it is; more is surer.
    pub(crate) score: u32,
}

/// What a measure holds. A cell of a measure that does not fit is an error of its row, not another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Quantities and money.
    Number,
    /// Dates and times.
    Time,
}

impl Measure {
    /// What a column of this role measures, if it does.
    pub(crate) fn of_role(role: ColumnRole) -> Option<Self> {
        match role {
            ColumnRole::Quantity | ColumnRole::UnitPrice | ColumnRole::Amount => Some(Self::Number),
            ColumnRole::Time => Some(Self::Time),
            _ => None,
        }
    }
}

/// The role that a name suggests most.
pub(crate) fn suggestion(name: &str) -> Option<Suggestion> {
    let words = words(name);
    let suggestions = RULES.iter().filter_map(|rule| Some(Suggestion { role: rule.role, score: rule.score(&words)? }));
    // The first of equals stays, so the order of the rules decides.
    suggestions.reduce(|best, next| if next.score > best.score { next } else { best })
}

/// Whether a name is that of an identifier: its numbers are names, not amounts.
pub(crate) fn is_identifier(name: &str) -> bool {
    let role = suggestion(name).map(|suggestion| suggestion.role);
    let words = words(name);
    let is_mark = |word: Option<&String>| word.is_some_and(|word| is_in(ID_WORDS, word));
    matches!(role, Some(ColumnRole::Shopper | ColumnRole::Order | ColumnRole::Product))
        || is_mark(words.last())
        || words.first().is_some_and(|word| is_in("id cod codigo", word))
}

const ID_WORDS: &str = "id ids no nr nro num number numero code cod codigo key uuid";

/// How names suggest one role. The lists have a space between their words.
struct Rule {
    role: ColumnRole,
    /// Names without spaces, the most telling first.
    names: &'static str,
    /// Words of which a name must have one.
    words: &'static str,
    /// Words that may stand beside; any, when there are none.
    beside: &'static str,
    /// Words that must not stand beside.
    never: &'static str,
}

impl Rule {
    fn score(&self, words: &[String]) -> Option<u32> {
        if let Some(index) = index_of(self.names, &words.concat()) {
            return Some(1_000 - index as u32);
        }
        let index = self.words.split(' ').position(|word| words.iter().any(|other| other == word))?;
        let fits = |word: &String| self.beside.is_empty() || is_in(self.words, word) || is_in(self.beside, word);
        let allowed = words.iter().all(|word| fits(word) && !is_in(self.never, word));
        // A longer name says something narrower, such as the date of a birth.
        allowed.then(|| 500 - 10 * words.len().min(20) as u32 - index as u32)
    }
}

fn index_of(list: &str, word: &str) -> Option<usize> {
    list.split(' ').position(|other| other == word)
}

fn is_in(list: &str, word: &str) -> bool {
    index_of(list, word).is_some()
}

/// In the order of preference where two score the same.
const RULES: &[Rule] = &[
    Rule {
        role: ColumnRole::Shopper,
        names: "customerid shopperid clientid idcliente clienteid customer shopper client cliente socio \
             memberid member userid buyerid householdkey loyaltycard customername",
        words: "customer shopper client cliente socio member miembro user usuario buyer comprador household \
             card tarjeta account cuenta subscriber",
        beside: "id no nr num number numero code cod codigo key ref name nombre de del loyalty fidelidad \
             unique hash uuid",
        never: "",
    },
    Rule {
        role: ColumnRole::Time,
        names: "invoicedate orderdate purchasedate transactiondate saledate salesdate fechacompra \
             fechapedido fechafactura fechaventa datetime timestamp date fecha day dia time",
        words: "date datetime timestamp fecha time dia day at",
        beside: "",
        never: "birth birthday nacimiento delivery entrega ship shipping shipped registration registered \
             alta expiry vencimiento of per number since",
    },
    Rule {
        role: ColumnRole::Order,
        names: "invoiceno orderid invoiceid transactionid ticketid receiptid basketid orderno invoice order \
             ticket receipt factura pedido basket transaction recibo",
        words: "invoice order ticket receipt factura pedido basket transaction recibo bill albaran \
             transaccion purchase venta compra",
        beside: "id no nr num nro number numero code cod codigo key ref reference de del sales customer uuid",
        never: "",
    },
    Rule {
        role: ColumnRole::Quantity,
        names: "quantity qty cantidad units unidades pieces piezas uds items",
        words: "quantity qty cantidad units unidades pieces piezas uds cant",
        beside: "",
        never: "price precio per por",
    },
    Rule {
        role: ColumnRole::UnitPrice,
        names: "unitprice priceperunit precio price preciounitario preciounidad itemprice salesprice \
             saleprice sellingprice pvp",
        words: "price precio pvp",
        beside: "",
        never: "total range discount descuento",
    },
    Rule {
        role: ColumnRole::Amount,
        names: "amount totalamount total importe linetotal totalprice preciototal sales revenue importetotal \
             subtotal monto spend",
        words: "amount importe total sales revenue monto turnover ventas subtotal spend spent gasto",
        beside: "",
        never: "discount descuento tax vat iva impuesto items id person channel count",
    },
    Rule {
        role: ColumnRole::Product,
        names: "description descripcion productname productdescription itemname itemdescription product \
             producto articulo item article nombreproducto stockcode sku productid productcode itemid \
             idproducto codigoproducto ean upc barcode",
        words: "product producto articulo article item sku description descripcion ean upc barcode stock",
        beside: "name nombre title titulo id no number numero code cod codigo key de del",
        never: "",
    },
    Rule {
        role: ColumnRole::Category,
        names: "category categoria productcategory department departamento family familia section seccion",
        words: "category categoria department departamento family familia section seccion",
        beside: "",
        never: "size customer cliente",
    },
];

/// The words of a name in small letters without accents: `CustomerID` and `customer_id` have the same.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().map(plain_letter).collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        if !letter.is_alphanumeric() || begins_word(before, *letter, letters.get(index + 1)) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a capital begins a word: after a small letter, or before one when it ends a row of capitals.
fn begins_word(before: Option<char>, letter: char, after: Option<&char>) -> bool {
    let after_small = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
    let ends_capitals = before.is_some_and(char::is_uppercase) && after.is_some_and(|after| after.is_lowercase());
    letter.is_uppercase() && (after_small || ends_capitals)
}

fn plain_letter(letter: char) -> char {
    const ACCENTED: &str = "áàâäãéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇºª°";
    const PLAIN: &str = "aaaaaeeeeiiiiooooouuuuncAAAAAEEEEIIIIOOOOOUUUUNCoao";
    let index = ACCENTED.chars().position(|accented| accented == letter);
    index.and_then(|index| PLAIN.chars().nth(index)).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_roles() {
        use ColumnRole::*;
        for (role, names) in [
            (
                Shopper,
                "CustomerID customer_id client cliente Código_de_cliente shopper socio member_no IDCliente household_key",
            ),
            (Order, "InvoiceNo order_id ticket factura nº_pedido receipt transaction_id InvoiceNumber"),
            (Time, "InvoiceDate date fecha timestamp fecha_de_compra order_date purchased_at TransactionDate"),
            (Quantity, "Quantity qty cantidad units unidades quantity_ordered"),
            (UnitPrice, "UnitPrice price precio unit_price PrecioUnitario price_per_unit"),
            (Amount, "amount total importe sales revenue total_price Importe_Total total_spent"),
            (Product, "StockCode sku product producto description Artículo item_name product_id"),
            (Category, "category categoría department familia product_category"),
        ] {
            for name in names.split(' ') {
                assert_eq!(suggestion(name).map(|suggestion| suggestion.role), Some(role), "{name}");
            }
        }
    }

    #[test]
    fn other_names_suggest_nothing() {
        for name in
            "Country Age Gender order_status birth_date customer_age Annual_Income_(k$) store_id tax_amount".split(' ')
        {
            assert_eq!(suggestion(name), None, "{name}");
        }
    }

    #[test]
    fn a_description_is_a_better_product_than_a_code() {
        let score = |name| suggestion(name).unwrap().score;
        assert!(score("Description") > score("StockCode") && score("CustomerID") > score("customer name"));
    }

    #[test]
    fn identifiers_are_known_by_name() {
        assert!(
            ["CustomerID", "store_id", "InvoiceNo", "StockCode", "postal code", "ID"].into_iter().all(is_identifier)
        );
        assert!(!["Age", "Quantity", "number of children", "paid"].into_iter().any(is_identifier));
    }

    #[test]
    fn words_of_names() {
        assert_eq!(words("CustomerID"), ["customer", "id"]);
        assert_eq!(words("IDCliente"), ["id", "cliente"]);
        assert_eq!(words("Año_de-compra (€)"), ["ano", "de", "compra"]);
    }
}
