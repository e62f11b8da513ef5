"""Topics that stay: documents keep the topics of an earlier fit; arrays in, arrays out."""
