package formats

import (
	"strings"

	"navette/crdt/commons"
)

// headings are what columns are called in the tables that people have, folded:
// in French, in English, by Snipe-IT and by Homebox (hb.*). Fields are also
// found under their own names. What is "" is left out.
var headings = map[string]map[string]string{
	"tool": {
		"nom": "name", "designation": "name", "intitule": "name", "libelle": "name", "outil": "name", "machine": "name", "materiel": "name",
		"item name": "name", "asset name": "name", "item": "name", "tool": "name", "hb.name": "name",
		"n inventaire": "tag", "no inventaire": "tag", "numero d'inventaire": "tag", "numero inventaire": "tag", "inventaire": "tag", "code": "tag", "reference": "tag", "ref": "tag", "etiquette": "tag",
		"asset tag": "tag", "inventory number": "tag", "hb.asset id": "tag",
		"autres noms": "other-names", "synonymes": "other-names", "synonyms": "other-names",
		"categorie": "category", "type": "category",
		"marque": "brand", "fabricant": "brand", "manufacturer": "brand", "hb.manufacturer": "brand",
		"modele": "model", "hb.model number": "model",
		"n de serie": "serial", "no de serie": "serial", "numero de serie": "serial", "serial number": "serial", "hb.serial number": "serial",
		"emplacement": "location", "localisation": "location", "rangement": "location", "lieu de rangement": "location", "lieu": "location", "hb.location": "location",
		"lieu d'attache": "home", "home place": "home",
		"etat": "condition", "status": "condition", "state": "condition",
		"reservable": "bookable", "requestable": "bookable",
		"empruntable": "loanable", "pretable": "loanable", "pret": "loanable", "lendable": "loanable",
		"regles": "rules", "consignes": "rules", "regles d'usage": "rules",
		"formation requise": "clearance", "habilitation": "clearance", "habilitation requise": "clearance", "formation": "clearance", "training required": "clearance",
		"notice": "manual", "manuel": "manual", "mode d'emploi": "manual", "fiche": "manual", "hb.url": "",
		"photo": "photos", "image": "photos",
		"prix": "price", "prix d'achat": "price", "cout": "price", "purchase cost": "price", "purchase price": "price", "hb.purchase price": "price",
		"date d'achat": "bought", "achete le": "bought", "date achat": "bought", "purchase date": "bought", "hb.purchase time": "bought", "hb.purchase date": "bought",
		"remarques": "notes", "remarque": "notes", "note": "notes", "commentaires": "notes", "commentaire": "notes", "observations": "notes", "asset notes": "notes", "hb.notes": "notes",
		"mots cles": "tags", "etiquettes": "tags", "hb.labels": "tags", "hb.tags": "tags",
		"hb.description": "description", "hb.import ref": "", "hb.archived": "retired",
	},
	"place": {
		"nom": "name", "lieu": "name", "place": "name",
		"adresse": "address", "lat": "latitude", "lng": "longitude", "long": "longitude", "osm id": "osm",
		"horaires": "hours", "horaires d'ouverture": "hours", "partage": "shares", "fuseau": "zone", "fuseau horaire": "zone",
		"courriel": "contacts.email", "email": "contacts.email", "e mail": "contacts.email", "mail": "contacts.email",
		"telephone": "contacts.phone", "tel": "contacts.phone", "phone": "contacts.phone", "site": "contacts.web", "site web": "contacts.web", "website": "contacts.web",
	},
	"person": {
		"nom": "name", "personne": "name", "prenom et nom": "name", "competences": "skills", "langues": "languages", "accord": "consent",
		"courriel": "contact.email", "email": "contact.email", "e mail": "contact.email", "mail": "contact.email",
		"telephone": "contact.phone", "tel": "contact.phone", "phone": "contact.phone",
	},
	"event": {
		"titre": "title", "subject": "title", "objet": "title", "debut": "start", "fin": "end", "lieu": "location",
	},
}

// everywhere are the headings of what every resource has.
var everywhere = map[string]string{
	"titre": "title", "titres": "titles", "lieu d'attache": "home", "licence": "licence", "auteurs": "authors", "auteur": "authors",
	"visibilite": "visibility", "langue": "language", "mots cles": "tags", "adresse web": "source", "url": "source",
}

// french are the headings that WriteCSV writes: each is read as its field.
var french = map[string]string{
	"name": "Nom", "title": "Titre", "tag": "N° inventaire", "other-names": "Autres noms", "category": "Catégorie", "brand": "Marque",
	"model": "Modèle", "serial": "N° de série", "location": "Emplacement", "condition": "État", "bookable": "Réservable",
	"loanable": "Empruntable", "rules": "Règles", "clearance": "Formation requise", "manual": "Notice", "photos": "Photo",
	"price": "Prix", "bought": "Date d'achat", "notes": "Remarques", "tags": "Mots clés", "home": "Lieu d'attache",
	"visibility": "Visibilité", "language": "Langue", "authors": "Auteurs", "licence": "Licence", "source": "Adresse web",
	"address": "Adresse", "hours": "Horaires", "shares": "Partage", "zone": "Fuseau horaire", "skills": "Compétences",
	"languages": "Langues", "consent": "Accord", "start": "Début", "end": "Fin",
}

// heading makes headings comparable: "N° d'inventaire (Fablab)" is
// "n d'inventaire".
func heading(s string) string {
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	s = strings.Map(func(r rune) rune {
		switch r {
		case '°', 'º', '*', ':':
			return -1
		case '_', '-', '/':
			return ' '
		}
		return r
	}, commons.Fold(s))
	return strings.Join(strings.Fields(s), " ")
}

// fieldOf returns the field that a column of that heading goes to, as an
// assignment has it: known ones by name, others to the custom fields.
func fieldOf(k *commons.Kind, text string) string {
	h := heading(text)
	if field, known := headings[k.Name][h]; known {
		return field
	}
	if field, known := everywhere[h]; known {
		if _, has := k.Field(field); has {
			return field
		}
	}
	if strings.HasPrefix(strings.ToLower(text), "hb.") {
		return "custom." + strings.TrimPrefix(text[3:], "field.")
	}
	if f, ok := k.Field(h); ok && f.Type != commons.TextType && f.Type != commons.ListType && f.Form != commons.Lines {
		if f.Type != commons.MapType {
			return f.Name
		}
	}
	if name, key, ok := strings.Cut(text, "."); ok {
		if f, known := k.Field(name); known && f.Type == commons.MapType && f.Form != commons.Lines {
			return f.Name + "." + key
		}
	}
	return "custom." + strings.TrimSpace(text)
}
