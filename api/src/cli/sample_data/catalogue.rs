//! What the stores sell: the same 288 products for every seed.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How many categories there are; products of one stand together.
pub(super) const CATEGORIES: usize = 8;
/// How many products each has.
pub(super) const PER_CATEGORY: usize = 36;

/// Name, the least and the greatest price in cents, and what there is of it.
const SHELVES: [(&str, u32, u32, [&str; 6]); CATEGORIES] = [
    ("Stationery", 45, 395, ["Notebook", "Card Set", "Gift Wrap", "Pen Pot", "Ribbon", "Letter Rack"]),
    ("Party", 55, 495, ["Bunting", "Paper Cups", "Balloons", "Cake Stand", "Napkins", "Candles"]),
    ("Toys", 195, 895, ["Puzzle", "Doll", "Money Box", "Skipping Rope", "Playhouse", "Spinning Top"]),
    ("Gifts", 165, 995, ["Trinket Box", "Photo Frame", "Keyring", "Hand Warmer", "Jewel Case", "Snow Globe"]),
    ("Textiles", 295, 1_295, ["Cushion", "Tea Towel", "Apron", "Blanket", "Table Runner", "Tote Bag"]),
    ("Kitchen", 245, 1_495, ["Mug", "Teapot", "Bread Bin", "Mixing Bowl", "Cake Tin", "Jam Jar"]),
    ("Lighting", 595, 2_995, ["Lantern", "Table Lamp", "Night Light", "Fairy Lights", "Candle Holder", "Lampshade"]),
    ("Garden", 395, 2_495, ["Planter", "Bird House", "Watering Can", "Wind Chime", "Bench Pad", "Trellis"]),
];
const STYLES: [&str; 6] = ["Red Spotty", "Blue Striped", "Vintage", "Woodland", "Rose Garden", "Plain White"];

/// Something to buy.
pub(super) struct Product {
    /// The price of one piece, in cents.
    pub(super) cents: u64,
    /// That price as it stands in the file, such as `2.95`.
    pub(super) price: String,
    /// Its fields in the file that are the same on every row: `,stock_code,description,category,`.
    pub(super) text: String,
}

/// All products, by category.
pub(super) fn catalogue() -> Vec<Product> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x5e11);
    let mut products = Vec::with_capacity(CATEGORIES * PER_CATEGORY);
    for (category, least, greatest, things) in SHELVES {
        for (thing, style) in things.iter().flat_map(|thing| STYLES.map(|style| (thing, style))) {
            let cents = random.gen_range(least / 10..=greatest / 10) * 10 + 5;
            let code = 20_000 + products.len() * 7;
            products.push(Product {
                cents: cents.into(),
                price: format!("{}.{:02}", cents / 100, cents % 100),
                text: format!(",{code},{style} {thing},{category},"),
            });
        }
    }
    products
}
