"""Words in the names of columns, in several languages; of those of one role the first are the best sign of it."""

from __future__ import annotations


def listed(words: str) -> tuple[str, ...]:
    """Return words in their order."""
    return tuple(words.split())


ID = listed(
    "id sku artikelnummer artnr nr 商品番号 商品コード 品番 商品编号 货号 asin upc ean gtin handle uuid code number"
)
TITLE = listed("title name headline titel bezeichnung titre nom titulo nombre 标题 名称 商品名")
NAMES_ONE = listed(
    "sku ean gtin upc mpn isbn asin barcode artikelnummer artnr nr 商品番号 商品コード 品番 商品编号 货号 janコード"
)
"""Of codes that name a product, and are nothing to choose by."""
CODES = (*NAMES_ONE, *listed("model part number code"))
FACETS = listed(
    "brand brands manufacturer supplier vendor marke marque marca category categories department type "
    "gender color colour farbe couleur size material season style usage locale "
    "colors colours farben couleurs colores sizes größe größen tailles tallas materials materialien "
    "hersteller kategorie kategorien catégorie categoría 品牌 颜色 ブランド 色 status"
)
NUMBERS = listed(
    "price preis prix precio rating stars score reviews stock quantity sales "
    "discount weight width height depth length diagonal capacity year"
)
DATES = listed(
    "date datetime timestamp time datum fecha released release published launched "
    "created updated modified added available since until erstellt erschienen seit sortie depuis desde "
    "日期 发布日期 発売日"
)
FLAGS = listed(
    "is has in can with flag active available enabled visible featured new sale "
    "published veröffentlicht publié publicado lieferbar verfügbar disponible"
)
"""Of columns whose 0 and 1 are answers, not quantities."""
TEXT = listed(
    "description beschreibung descripcion langtext 商品説明 説明 商品描述 描述 summary bullets features keywords tags"
)
IMAGE = listed("image images picture photo img bild imagen media")

SMALL = {"thumb", "thumbnail", "thumbs", "small", "icon", "swatch", "low"}
"""Of pictures: a size that is too small to look at."""
MORE = {"additional", "further", "more", "other", "extra", "gallery", "weitere", "galerie", "autres", "adicionales"}
"""Of pictures beside the first one, which are no other size of it."""
LABELS = {"id", "ids", "code", "zip", "phone", "index", "position", "lat", "lon", "latitude", "longitude"}
"""Of numbers that are not quantities."""
REFERENCES = listed("id ids parent")
"""Of what names other things, for programs."""
PARENT = listed("parent parentsku parentid eltern elternartikel padre übergeordnet")
"""Of what names the product of a variant."""
GROUP = {"group", "groupid", "itemgroupid", "gruppe", "gruppen", "groupe", "grupo"}
"""In the name of what the variants of a product have in common."""
VIEW = listed("store view locale lang language sprache langue idioma storeview viewcode 语言 言語")
"""Of what names the language or the view of the shop that a row is for."""
HIDDEN = {
    *listed("hidden invisible draft archived private disabled unpublished versteckt entwurf archiviert"),
    *listed("masqué brouillon archivé oculto borrador archivado 非表示 下書き 非公開 隐藏 草稿 下架"),
}
"""In the values of a column that says which products shoppers are to see."""
META = {"meta", "seo", "og"}
"""Of what search engines are shown, a copy of the title or worse."""
ALT = META | {"alt", "alttext", "slug", "url", "handle"}
"""Of what repeats the title."""
LISTS = listed(
    "tags keywords labels colors colours sizes materials categories collections codes "
    "farben größen materialien kategorien couleurs tailles colores tallas etiquetas"
)
"""Of columns that hold several values."""
CHOSEN = listed("color colour farbe couleur size größe taille talla material 颜色 色")
"""Of what a product is chosen by."""
COST = {
    *listed("cost costs ek einkauf einkaufspreis einstandspreis netto wholesale margin coût achat coste compra"),
    *listed("原価 仕入価格 仕入 成本 成本价 进价"),
}
"""In the name of what a shop pays for a product, where another column says what its buyers do."""
SOLD_FOR = {*listed("vk brutto uvp retail verkauf vente venta")}
"""In the name of what buyers pay, which is called no price."""
RATED = {"rating", "ratings", "rated", "stars", "review", "reviews", "score", "bewertung", "bewertungen", "sterne"} | {
    *listed("note avis étoiles valoración valoracion calificación estrellas reseñas reseña 评分 評価")
}
"""In the name of a mean rating, or of the number of ratings."""
RATINGS = {
    *listed("reviews ratings votes bewertungen stimmen rezensionen avis votos reseñas opiniones 评论数 レビュー数")
}
"""Of the number of ratings, alone."""
COUNTS = {*listed("count counts number num total quantity n anzahl nombre nb número numero cantidad 数")}
"""Of a number of something."""
MEANS = {*listed("average avg mean durchschnitt mittel moyenne media promedio 平均")}
