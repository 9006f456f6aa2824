export type SeedProduct = {
  id: number;
  name: string;
  kind: "yarn" | "tool" | "cloth";
  priceCents: number;
  color: string;
  description: string;
};

export type SeedReview = { productId: number; stars: number; author: string; text: string };

/** What every fresh database of the shop starts with; catalog and orders agree on prices through it. */
export const seedProducts: readonly SeedProduct[] = [
  product(
    1,
    "Highland wool, 4-ply",
    "yarn",
    1250,
    "#8a5a44",
    "A springy warp yarn that forgives an uneven beat",
  ),
  product(2, "Line linen 16/2", "yarn", 1890, "#c2a878", "Wet-spun and strong, softer with every wash"),
  product(3, "Mulberry silk", "yarn", 3400, "#b0413e", "A skein for borders and for showing off"),
  product(4, "Indigo cotton", "yarn", 980, "#2f4b7c", "Dyed in the yarn, so that it fades like denim"),
  product(5, "Texsolv heddles, 100", "tool", 1450, "#5c6b73", "Carry each thread to its place, quietly"),
  product(6, "Boat shuttle, maple", "tool", 2795, "#a26a3d", "Glides through a 4 cm shed without a push"),
  product(
    7,
    "Reed, 50/10 stainless",
    "tool",
    6200,
    "#7d8597",
    "Fifty dents in ten centimetres, none of them rusty",
  ),
  product(8, "Table loom, 8 shafts", "tool", 48900, "#6b705c", "Folds with the warp on it"),
  product(9, "Herringbone throw", "cloth", 11900, "#3f6c51", "Two metres of undyed wool, woven by the hour"),
  product(10, "Waffle towel", "cloth", 2400, "#d08c60", "Cotton and linen; dries by breakfast"),
  product(11, "Overshot runner", "cloth", 5650, "#6d597a", "An old pattern with a new thread"),
  product(12, "Tartan offcuts, 1 kg", "cloth", 1600, "#9b2335", "For patches, bags and practice"),
];

export const seedReviews: readonly SeedReview[] = [
  { productId: 1, stars: 5, author: "Ada", text: "Not one broken end in six metres" },
  { productId: 1, stars: 4, author: "Joseph", text: "A little greasy, which I like" },
  { productId: 2, stars: 4, author: "Anni", text: "Keep it damp and it behaves" },
  { productId: 3, stars: 5, author: "Gunta", text: "Worth every cent" },
  { productId: 5, stars: 5, author: "Edmund", text: "My loom stopped rattling" },
  { productId: 6, stars: 3, author: "Otti", text: "Lovely, but it wants wax first" },
  { productId: 8, stars: 5, author: "Trude", text: "Survived two moves and a cat" },
  { productId: 9, stars: 5, author: "Ada", text: "The sofa has never been happier" },
  { productId: 10, stars: 4, author: "Lenore", text: "Drinks water" },
];

function product(
  id: number,
  name: string,
  kind: SeedProduct["kind"],
  priceCents: number,
  color: string,
  description: string,
): SeedProduct {
  return { id, name, kind, priceCents, color, description };
}
